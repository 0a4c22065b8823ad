"""An administrator makes room for somebody, who comes in, and is shut out again."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import verbs
from tests.browser.verbs import Faults
from tests.stack import PASSWORD, Stack

NewContext = Callable[..., BrowserContext]


def test_a_project_a_user_and_a_role(
    stack: Stack, page: Page, faults: Faults, new_context: NewContext
) -> None:
    """Exactly the project they were let into, and nothing once the role is taken."""
    page.goto("/projects/")
    page.get_by_role("link", name="New project").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("orchard")
    page.get_by_role("textbox", name="Tags").fill("fruit, trees")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="orchard", level=1)).to_be_visible()
    expect(page.get_by_text("No members yet")).to_be_visible()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Users").click()
    page.get_by_role("link", name="New user").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("olive")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("heading", name="olive", level=1)).to_be_visible()

    with verbs.without_reload(page):
        page.get_by_role("searchbox", name="Find a project").fill("orch")
        page.get_by_role("button", name="orchard").click()
        expect(page.get_by_text("given here")).to_be_visible()
        expect(page.get_by_text("implied by member")).to_be_visible()

    hers = new_context().new_page()
    hers.goto("/sign-in/")
    verbs.sign_in(hers, "olive")
    expect(hers).to_have_url("/")
    hers.get_by_role("button", name="orchard").click()
    expect(hers.locator(".shell-header form button[name=project]")).to_have_text(["orchard"])
    hers.goto("/projects/")
    expect(hers.get_by_role("heading", name="No permission")).to_be_visible()
    hers.goto("/instances/")
    expect(hers.get_by_role("heading", name="No instances yet")).to_be_visible()

    with verbs.without_reload(page):
        page.get_by_role("button", name="Take the role member from olive").click()
        verbs.confirm(page, "Take it away")
        expect(page.get_by_text("No role anywhere")).to_be_visible()
    hers.goto("/instances/")
    expect(hers.get_by_role("heading", name="No permission")).to_be_visible()
    hers.goto("/")
    expect(hers.get_by_text("no project yet")).to_be_visible()

    page.goto("/projects/?search=fruit")
    verbs.act(page, "orchard", "Delete")
    verbs.confirm(page, "Delete", name="orchard")
    expect(verbs.row(page, "orchard")).to_have_count(0)
    page.goto("/users/?search=olive")
    verbs.act(page, "olive", "Delete")
    verbs.confirm(page, "Delete", name="olive")
    expect(verbs.row(page, "olive")).to_have_count(0)
    expect(page).to_have_url(re.compile("/users/"))
    assert faults == []


def test_limits_for_several_projects_at_once(stack: Stack, page: Page, faults: Faults) -> None:
    """Only what is filled in changes; what is wrong is said and changes nothing."""
    for name in ("bulk-a", "bulk-b"):
        page.goto("/projects/new/")
        page.get_by_role("textbox", name="Name", exact=True).fill(name)
        page.get_by_role("button", name="Create project").click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.goto("/projects/?search=bulk-")
    with verbs.without_reload(page):
        page.get_by_label("Select all on this page").check()
        bar = page.locator("[data-bulk-bar]")
        bar.get_by_role("textbox", name="vCPUs").fill("4")
        bar.get_by_role("textbox", name="vCPUs").press("Enter")
        for name in ("bulk-a", "bulk-b"):
            expect(verbs.row(page, name)).to_contain_text("0 / 4")
            expect(verbs.row(page, name)).to_contain_text("0 / 10")
        expect(bar).to_be_hidden()
    assert faults == []
    page.get_by_label("Select bulk-a").check()
    bar.get_by_role("textbox", name="Memory").fill("lots")
    bar.get_by_role("button", name="Set limits").click()
    expect(page.locator("#toasts")).to_contain_text("Memory: Give a whole number")
    for name in ("bulk-a", "bulk-b"):
        verbs.act(page, name, "Delete")
        verbs.confirm(page, "Delete", name=name)
        expect(verbs.row(page, name)).to_have_count(0)
