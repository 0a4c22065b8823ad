"""The launch page while it is written: whatever it holds, it stays in shape, quiet and honest."""

import re
from uuid import UUID

from playwright.sync_api import ConsoleMessage, Page, Request, Route, expect

from tests.browser import looks
from tests.stack import Browserless, Stack, wait_for

LAUNCH = "/instances/launch/"
READY = "SELECT id FROM compute_image WHERE name = ? AND status = 'active'"


def test_a_name_of_255_characters_leaves_the_page_in_shape(
    stack: Stack, page: Page, admin: Browserless, steady: str
) -> None:
    name = "w" * 255
    taken = f"/instances/{stack.instance(steady)['uuid']}/actions/take_image/"
    assert admin.post(taken, name=name).status == 200
    stack.wait_for_state(steady, "active")
    image = wait_for(lambda: stack.rows(READY, name), "the image")[0]["id"]
    try:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(LAUNCH)
            choice = page.locator(".choice", has_text=name)
            expect(choice).to_be_visible()
            assert choice.evaluate("choice => choice.offsetHeight") < 120
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    finally:
        assert admin.post(f"/images/{UUID(image)}/delete/").status == 200


def test_what_the_browser_fills_in_again_is_unfolded_and_counted(page: Page) -> None:
    """User data that nobody sees would be sent without a word."""
    page.goto(LAUNCH)
    user_data = page.locator("#id_user_data")
    page.get_by_role("heading", name="User data").click()
    user_data.fill("#!/bin/sh\necho again")
    page.goto("/images/")
    page.go_back()
    expect(user_data).to_be_visible()
    expect(user_data).to_have_value("#!/bin/sh\necho again")
    expect(page.locator("details", has=user_data).locator("summary")).not_to_contain_text("none")


def test_it_is_quiet_and_asks_no_more_than_it_must(page: Page) -> None:
    said: list[str] = []
    asked: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    def note(request: Request) -> None:
        if request.url.endswith("/preview/"):
            asked.append(request.url)

    page.goto(LAUNCH)
    looks.settle(page)
    page.on("console", hear)
    page.on("request", note)
    page.get_by_role("textbox", name="Name", exact=True).press_sequentially("typed-in-one-go", delay=30)
    page.evaluate("""() => {
      for (let each = 0; each < 50; each += 1) document.body.dispatchEvent(new Event("live:quota"));
    }""")
    expect(page.locator("#launch-summary")).to_contain_text("typed-in-one-go")
    page.wait_for_timeout(1_000)
    assert said == []
    assert 1 <= len(asked) <= 4, "typing, the last letter of it, the first and last of the events"


def test_nothing_is_previewed_once_it_is_sent(stack: Stack, page: Page, steady: str) -> None:
    """The state has changed by then, and the answer would be a refusal."""
    address = f"/instances/{stack.instance(steady)['uuid']}/actions/resize/"
    held: list[Route] = []
    asked: list[Route] = []

    def hold(route: Route) -> None:
        (held if route.request.method == "POST" else asked).append(route)

    page.goto(address)
    page.route(re.compile("/actions/resize/"), hold)
    page.locator(".choices-sizes label:not(:has([disabled]))").last.click()
    wait_for(lambda: asked or page.wait_for_timeout(50), "a preview to be on its way")
    page.evaluate("""() => {
      const form = document.querySelector("form[hx-get]");
      document.addEventListener("htmx:afterSwap", () => {
        form.dispatchEvent(new Event("change"));
        document.body.dispatchEvent(new Event("live:quota"));
      });
    }""")
    page.get_by_role("button", name="Resize", exact=True).click(no_wait_after=True)
    wait_for(lambda: held or page.wait_for_timeout(50), "the form to be sent")
    asked[0].continue_()  # it renews the summary, with the button in it
    page.wait_for_timeout(1_500)
    held[0].abort()
    assert len(asked) == 1
