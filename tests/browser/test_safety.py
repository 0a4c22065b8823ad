"""What people may write, where links may lead, and what is left after signing out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from tests.browser import verbs
from tests.browser.verbs import Faults
from tests.stack import Browserless, Stack, wait_for

NewContext = Callable[..., BrowserContext]
MARKUP = "<img src=x onerror=alert(1)><b id=bold>\"'`&amp;{{7*7}}"


def test_markup_in_names_is_text(stack: Stack, admin: Browserless, page: Page, faults: Faults) -> None:
    dialogs: list[str] = []

    def open_dialog(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", open_dialog)
    admin.launch(stack, MARKUP)
    uuid = stack.wait_for_state(MARKUP, "active", 120)["uuid"]
    for path in (
        "/",
        "/instances/",
        f"/instances/{uuid}/",
        f"/instances/{uuid}/console/",
        "/activity/",
    ):
        page.goto(path)
        expect(page.locator("main").get_by_text(MARKUP).first).to_be_visible()
        _is_plain(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("<img")
    expect(page.get_by_role("option", name=MARKUP, exact=False).first).to_be_visible()
    _is_plain(page)
    page.keyboard.press("Escape")
    page.goto(f"/instances/{uuid}/")
    page.locator("#instance-header").get_by_role("button", name="Actions").click()
    page.locator("#instance-header").get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(MARKUP)
    _is_plain(page)
    verbs.confirm(page, "Delete")
    expect(page.locator("#toasts")).to_contain_text(MARKUP)
    stack.wait_for_state(MARKUP, "soft-delete", 120)
    page.goto("/recycle-bin/")
    verbs.row(page, MARKUP).get_by_role("button", name="Delete for good").click()
    _is_plain(page)
    verbs.confirm(page, "Delete for good", name=MARKUP)
    stack.wait_for_state(MARKUP, "deleted", 120)
    assert (dialogs, faults) == ([], [])


def _is_plain(page: Page) -> None:
    assert page.locator("img[src=x], #bold").count() == 0


def test_signing_in_leads_to_no_other_site(new_context: NewContext, stack: Stack) -> None:
    for elsewhere in ("//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"):
        page = new_context().new_page()
        page.goto(f"/sign-in/?next={elsewhere}")
        verbs.sign_in(page)
        expect(page).to_have_url("/")


def test_signing_in_leads_where_one_wanted_to_go(stranger: Page) -> None:
    stranger.goto("/instances/?status=active")
    verbs.sign_in(stranger)
    expect(stranger).to_have_url("/instances/?status=active")


def test_signing_out_ends_everything_at_once(new_context: NewContext, stack: Stack, steady: str) -> None:
    """Back shows nothing, and other open pages of this session leave by themselves."""
    context = new_context(stack.sign_in(verbs.NAME))
    page, open_elsewhere = context.new_page(), context.new_page()
    with open_elsewhere.expect_websocket() as live:
        open_elsewhere.goto("/instances/")
    expect(verbs.row(open_elsewhere, steady)).to_be_visible()
    page.goto("/instances/")
    page.goto("/activity/")
    verbs.sign_out(page)
    open_elsewhere.wait_for_url("**/sign-in/**")
    wait_for(live.value.is_closed, "the live connection to end")
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text(steady)).to_have_count(0)


def test_a_form_outlives_the_end_of_its_session(
    new_context: NewContext, stack: Stack, admin: Browserless
) -> None:
    """Whether the tab hears of the end, or sends the form without knowing."""
    context = new_context(stack.sign_in(verbs.NAME))
    page, other = context.new_page(), context.new_page()
    page.goto("/instances/launch/")
    _type(page)
    other.goto("/keypairs/")
    verbs.sign_out(other)
    page.wait_for_url("**/sign-in/**")
    verbs.sign_in(page)
    _expect_typed(page)
    with page.expect_response("**/sign-in/**"):
        page.evaluate("window.WebSocket = undefined")
        context.clear_cookies(name="session")
        page.get_by_role("button", name="Launch instance").click()
    verbs.sign_in(page)
    _expect_typed(page)
    assert stack.rows("select id from compute_instance where name = 'typed-before'") == []


def _type(page: Page) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill("typed-before")
    page.get_by_role("heading", name="User data").click()
    page.get_by_label("A script or cloud-config").fill("#!/bin/sh\necho hello")


def _expect_typed(page: Page) -> None:
    expect(page).to_have_url(re.compile("/instances/launch/$"))
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("typed-before")
    expect(page.locator("#id_user_data")).to_have_value("#!/bin/sh\necho hello")


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/volumes/create/", "Description"),
        ("/images/new/?source=web", "Name"),
        ("/server-groups/new/", "Name"),
    ],
)
def test_every_form_does(
    new_context: NewContext, stack: Stack, admin: Browserless, path: str, label: str
) -> None:
    """The tab hears of the end, and comes back with what was typed."""
    context = new_context(stack.sign_in(verbs.NAME))
    page, other = context.new_page(), context.new_page()
    page.goto(path)
    field = page.get_by_role("textbox", name=label, exact=True).first
    field.fill("typed before the end")
    other.goto("/keypairs/")
    verbs.sign_out(other)
    page.wait_for_url("**/sign-in/**")
    verbs.sign_in(page)
    expect(field).to_have_value("typed before the end")


def test_two_tabs_sign_in_one_after_the_other(new_context: NewContext, admin: Browserless) -> None:
    context = new_context()
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto("/sign-in/?next=/keypairs/")
    for tab in (first, second):
        verbs.sign_in(tab)
        expect(tab).to_have_url("/keypairs/")


def test_a_double_click_launches_one(stack: Stack, admin: Browserless, page: Page) -> None:
    page.goto("/instances/launch/")
    page.get_by_role("textbox", name="Name", exact=True).fill("clicked-twice")
    page.get_by_role("button", name="Launch instance").dblclick()
    expect(page).to_have_url("/instances/")
    verbs.expect_status(page, "clicked-twice", "Running")
    assert len(stack.rows("select id from compute_instance where name = 'clicked-twice'")) == 1
    admin.act(stack, "clicked-twice", "purge")
    stack.wait_for_state("clicked-twice", "deleted", 120)
