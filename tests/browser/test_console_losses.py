"""What a console says when it cannot go on: nothing stays black, or spins, without a word."""

import re

from playwright.sync_api import Page, Response, Route, expect

from tests.stack import Browserless, Stack

KEYS = "Keyboard input goes to the instance while the screen is focused."


def test_a_part_that_does_not_arrive_is_said(stack: Stack, page: Page, steady: str) -> None:
    """One of many files is enough. Loaded anew, it works."""
    part = re.compile(r"/js/console\.js$")

    def lose(route: Route) -> None:
        route.abort("failed")

    address = f"/instances/{stack.instance(steady)['uuid']}/console/"
    page.goto(address)  # the first has all of it within
    page.route(part, lose)
    page.goto(address)
    expect(page.get_by_text("The console could not be loaded")).to_be_visible()
    expect(page.get_by_text(KEYS)).to_be_hidden()
    page.unroute(part, lose)
    page.get_by_role("button", name="Reload").click()
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected", timeout=60_000)


def test_the_console_of_what_is_deleted_says_so_and_rests(
    stack: Stack, page: Page, admin: Browserless
) -> None:
    admin.launch(stack, "doomed")
    stack.wait_for_state("doomed", "active", 120)
    missing: list[str] = []

    def note(response: Response) -> None:
        if response.status == 404:
            missing.append(response.url)

    page.on("response", note)
    page.goto(f"/instances/{stack.instance('doomed')['uuid']}/console/")
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected", timeout=60_000)
    admin.act(stack, "doomed", "force_stop")
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "off", timeout=60_000)
    expect(page.get_by_text(KEYS)).to_be_hidden()
    admin.act(stack, "doomed", "purge")
    expect(page.get_by_text("doomed was deleted")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("What this page shows was deleted.")).to_be_visible()
    page.wait_for_timeout(3_000)
    assert len(missing) == len(set(missing)), "each part of the page asks once, and no more"
    page.get_by_role("link", name="To the instances").click()
    expect(page).to_have_url("/instances/")


def test_view_only_is_said_below_the_screen(stack: Stack, page: Page, steady: str) -> None:
    page.goto(f"/instances/{stack.instance(steady)['uuid']}/console/")
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected", timeout=60_000)
    keys = page.get_by_text(KEYS)
    expect(keys).to_be_visible()
    page.get_by_role("button", name="View only").click()
    expect(keys).to_be_hidden()
    expect(
        page.get_by_text("View only: nothing that you type or click reaches the instance.")
    ).to_be_visible()
    page.get_by_role("button", name="View only").click()


def test_the_serial_console_shows_underscores(stack: Stack, page: Page, linux: str) -> None:
    """Rows are higher than the letters, whose lowest part they would cut off."""
    page.goto(f"/instances/{stack.instance(linux)['uuid']}/serial/")
    row = page.locator(".xterm-rows > div").first
    expect(row).to_be_visible()
    sizes = row.evaluate("row => [row.offsetHeight, parseFloat(getComputedStyle(row).fontSize)]")
    assert sizes[0] >= 1.3 * sizes[1]


def test_no_address_has_the_token_of_a_form(stack: Stack, page: Page, steady: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/instances/{stack.instance(steady)['uuid']}/actions/resize/")
    page.locator(".choices-sizes label").last.click()
    page.wait_for_timeout(1_000)
    assert any("flavor_id=" in url for url in asked)
    assert not [url for url in asked if "csrfmiddlewaretoken" in url]


def test_an_old_picture_says_how_old_it_is(stack: Stack, page: Page, steady: str) -> None:
    def lose(route: Route) -> None:
        route.abort("failed")

    page.goto(f"/instances/{stack.instance(steady)['uuid']}/")
    expect(page.locator("img[data-screen]")).to_be_visible(timeout=60_000)
    age = page.locator("[data-screen-age]")
    expect(age).to_be_hidden()
    page.route("**/screenshot/*", lose)
    expect(age).to_have_text(re.compile(r"Last picture: (just now|\d+ s ago)"))
    page.unroute("**/screenshot/*", lose)
    expect(age).to_be_hidden()
