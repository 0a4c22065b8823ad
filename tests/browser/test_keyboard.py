"""Everything can be reached and done without a mouse."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import verbs
from tests.stack import Browserless, Stack, wait_for

REACHABLE = """() => {
  // By identity: a live update puts a row's attributes right, and a mark of ours with them.
  window.wanted = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
    (element) => !element.disabled && element.type !== "hidden" && element.type !== "radio" &&
      element.checkVisibility({ visibilityProperty: true }) && !element.closest("[role=toolbar], [tabindex='-1'] > a"));
  return window.wanted.map((element) => element.outerHTML.slice(0, 150));
}"""
FOCUSED = """() => {
  const element = document.activeElement;
  return { wanted: (window.wanted ?? []).indexOf(element), text: element.ariaLabel || element.innerText || element.id,
           body: element === document.body, outlined: getComputedStyle(element).outlineStyle !== "none" ||
           getComputedStyle(element).boxShadow !== "none" };
}"""


def focused(page: Page) -> dict[str, Any]:
    return dict(page.evaluate(FOCUSED))


def tab_to(page: Page, selector: str, most: int = 80) -> None:
    """Press Tab until an element of this kind has the focus."""
    for _press in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{most} presses of Tab do not reach {selector}")


def press_until(page: Page, key: str, text: str, most: int = 20) -> None:
    """Press a key until what reads so has the focus."""
    for _press in range(most):
        page.keyboard.press(key)
        if focused(page)["text"].strip() == text:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{most} presses of {key} do not reach {text}; the focus is on {focused(page)}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/instances/",
        "/instances/launch/",
        "/volumes/create/",
        "/keypairs/",
        "/activity/",
        "/projects/",
        "/users/",
        "/recycle-bin/",
    ],
)
def test_tab_reaches_everything(page: Page, steady: str, path: str) -> None:
    """Rail, header, tables, forms: nothing that can be clicked is left out, and one sees where one is."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    wanted = page.evaluate(REACHABLE)
    page.evaluate("() => document.activeElement.blur()")
    reached, unseen = set(), []
    for _press in range(len(wanted) + 30):
        page.keyboard.press("Tab")
        now = focused(page)
        reached.add(now["wanted"])
        if not now["outlined"] and not now["body"]:
            unseen.append(now["text"])
    assert [html for index, html in enumerate(wanted) if index not in reached] == []
    assert unseen == []


def test_the_skip_link(page: Page) -> None:
    page.goto("/instances/")
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_menu_and_its_question(page: Page, steady: str) -> None:
    """The menu opens, arrows move in it, the dialog keeps the focus and gives it back, Escape closes both."""
    page.goto("/instances/")
    toggle = page.get_by_role("button", name=f"Actions on {steady}")
    toggle.focus()
    page.keyboard.press("Enter")
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    press_until(page, "ArrowDown", "Stop")
    expect(stop).to_be_focused()
    page.keyboard.press("Escape")
    expect(toggle).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    # It is fetched anew each time it opens, and that may come when the focus is inside already.
    held: list[Route] = []
    page.route("**/instances/*/", lambda route: held.append(route))
    page.keyboard.press("Enter")
    wait_for(lambda: held or page.wait_for_timeout(50), "the menu to be fetched")
    press_until(page, "ArrowDown", "Stop")
    expect(stop).to_be_focused()
    with page.expect_response("**/instances/*/"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(stop).to_be_focused()
    press_until(page, "ArrowDown", "Delete")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    for _press in range(6):
        page.keyboard.press("Tab")
        inside = "() => document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        assert page.evaluate(inside), focused(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(toggle).to_be_focused()
    verbs.expect_status(page, steady, "Running")


def test_rows_are_chosen_and_acted_on_together(page: Page, steady: str) -> None:
    page.goto("/instances/")
    tab_to(page, "input[name=ids]")
    page.keyboard.press("Space")
    expect(page.get_by_role("region", name="Actions on the selected instances")).to_be_visible()
    tab_to(page, "[data-bulk-bar] .btn-danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk-bar] .btn-danger")).to_be_focused()
    tab_to(page, "[data-bulk-clear]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name=f"Select {steady}")).not_to_be_checked()


def test_single_keys(page: Page, steady: str) -> None:
    """`?` shows the keys and `/` searches, unless somebody is typing."""
    page.goto("/instances/")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    page.keyboard.press("/")
    field = page.locator("#search")
    expect(field).to_be_focused()
    page.keyboard.type("a?/")
    expect(field).to_have_value("a?/")
    expect(page.locator("dialog#keys")).to_be_hidden()


def test_the_palette_leads_and_acts(stack: Stack, page: Page, steady: str) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search pages")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("recycle")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/recycle-bin/")
    page.keyboard.press("Control+k")
    page.keyboard.type(f"reboot {steady}")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Reboot steady")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text(f"Restarting {steady}")
    stack.wait_for_state(steady, "active", 120)


def test_rename(stack: Stack, page: Page, steady: str) -> None:
    page.goto(f"/instances/{stack.instance(steady)['uuid']}/")
    for name in ("unsteady", steady):
        tab_to(page, "[data-rename-open]")
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="New name")).to_be_focused()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page).to_have_title(f"{name} · Meridian")
        expect(page.locator("[data-rename-open]")).to_be_focused()


def test_the_consoles_tools(stack: Stack, page: Page, steady: str) -> None:
    """The guest takes every key but one combination, which leads to the toolbar; arrows move there."""
    page.goto(f"/instances/{stack.instance(steady)['uuid']}/console/")
    verbs.wait_for_screen(page, 1)
    tab_to(page, "[data-part=screen] canvas")
    page.keyboard.press("Tab")
    expect(page.locator("[data-part=screen] canvas")).to_be_focused()
    page.keyboard.press("Control+Alt+Shift")
    expect(page.locator("[data-tool=keys]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tool=ctrl]")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("[data-tool=window]")).to_be_focused()
    page.keyboard.press("Home")
    tab_to(page, "#console-state [data-bs-toggle]")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Power")).to_be_focused()


def test_launch(stack: Stack, admin: Browserless, page: Page) -> None:
    page.goto("/")
    tab_to(page, ".launch-button")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/instances/launch/")
    tab_to(page, "[name=image_id]")
    tab_to(page, "[name=flavor_id]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    tab_to(page, "[name=name]")
    page.keyboard.press("Control+a")
    page.keyboard.type("typed")
    tab_to(page, "summary")
    page.keyboard.press("Enter")
    tab_to(page, "[name=key_from]")
    tab_to(page, "button[type=submit]:not(.dropdown-item)")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/instances/")
    verbs.expect_status(page, "typed", "Running")
    wait_for(lambda: stack.instance("typed")["vm_state"] == "active", "typed to run")
    admin.act(stack, "typed", "purge")
    stack.wait_for_state("typed", "deleted", 120)
