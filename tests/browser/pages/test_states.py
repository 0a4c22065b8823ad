"""What pages look like when something is missing, wrong, open or asked: as `test_routes`, but not at once there."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import RequestFactory
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Route, expect

from portal.pages import errors
from tests.browser import looks, verbs
from tests.browser.pages.addresses import address
from tests.browser.verbs import Faults
from tests.instance_actions import ACTIONS
from tests.proof import examples
from tests.stack import Stack

NewContext = Callable[..., BrowserContext]


def test_launch_with_errors(page: Page) -> None:
    page.goto("/instances/launch/")
    page.get_by_role("textbox", name="Name", exact=True).fill("\u202egnol")
    page.get_by_role("heading", name="User data").click()
    page.get_by_label("A script or cloud-config").fill("#cloud-config\n: [")
    page.get_by_role("button", name="Launch instance").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert looks.inspect(page, "launch-errors") == []


def test_launch_beyond_the_quota(page: Page) -> None:
    page.goto("/instances/launch/")
    page.get_by_role("spinbutton", name="Count").fill("40")
    expect(page.get_by_role("button", name="Launch 40 instances")).to_be_visible()
    assert looks.inspect(page, "launch-over-quota") == []


def test_sign_in_with_a_wrong_password(stranger: Page) -> None:
    stranger.goto("/sign-in/")
    verbs.sign_in(stranger, "admin", "wrong")
    expect(stranger.get_by_role("alert")).to_be_visible()
    assert looks.inspect(stranger, "sign-in-wrong") == []


def test_locked_out(stranger: Page) -> None:
    stranger.goto("/sign-in/")
    for _attempt in range(8):
        verbs.sign_in(stranger, "burglar", "guess")
        stranger.wait_for_load_state()
    expect(stranger.get_by_role("heading", name="Too many attempts")).to_be_visible()
    assert looks.inspect(stranger, "locked-out") == []


def test_not_found(page: Page) -> None:
    page.goto(f"/instances/{uuid4()}/")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    assert looks.inspect(page, "404") == []


def test_forbidden(stack: Stack, new_context: NewContext) -> None:
    page = new_context(stack.sign_in("ruth")).new_page()
    page.goto("/health/")
    expect(page.get_by_role("heading", name="No permission")).to_be_visible()
    assert looks.inspect(page, "403") == []


def test_a_fault_of_ours(page: Page) -> None:
    """The real page for an unforeseen error, in place of any other."""
    request = RequestFactory().get("/broken/")
    request.request_id = f"req-{uuid4()}"
    content = errors.server_error(request).content

    def answer(route: Route) -> None:
        route.fulfill(status=500, content_type="text/html; charset=utf-8", body=content)

    page.route("**/broken/", answer)
    page.goto("/broken/")
    expect(page.get_by_text(request.request_id)).to_be_visible()
    assert looks.inspect(page, "500") == []


@pytest.mark.parametrize(
    "route",
    examples(
        [
            "overview",
            "instances",
            "volumes",
            "server-groups",
            "keypairs",
            "credentials",
            "activity",
            "recycle-bin",
        ],
        "overview",
        "instances",
    ),
)
def test_nothing_there_yet(stack: Stack, new_context: NewContext, route: str) -> None:
    page = new_context(stack.sign_in("mel")).new_page()
    faults = Faults(page)
    page.goto(reverse(route))
    expect(page.locator(".blank")).to_be_visible()
    assert looks.inspect(page, f"{route}-empty") + faults == []


@pytest.mark.parametrize("name", examples(["ruth", "lone"], "lone"))
def test_overview_of_those_who_may_little(stack: Stack, new_context: NewContext, name: str) -> None:
    page = new_context(stack.sign_in(name)).new_page()
    faults = Faults(page)
    page.goto("/")
    expect(page.locator(".blank")).to_be_visible()
    assert looks.inspect(page, f"overview-{name}") + faults == []


@pytest.mark.parametrize(
    "route",
    examples(["instance", "instance-console", "instance-serial", "instance-activity"], "instance-console"),
)
def test_an_instance_that_crashed(stack: Stack, page: Page, faults: Faults, route: str) -> None:
    page.goto(reverse(route, args=[stack.instance("crashed")["uuid"]]))
    expect(page.get_by_role("alert")).to_contain_text("crashed")
    assert looks.inspect(page, f"{route}-crashed") + faults == []


@pytest.mark.parametrize(
    "verb",
    examples(
        # Without an agent no password is set, and without a snapshot there is no way back.
        [verb for verb, action in ACTIONS.items() if action.asks and verb not in {"set_password", "revert"}],
        *("resize", "take_image"),
    ),
)
def test_what_a_verb_asks(stack: Stack, page: Page, faults: Faults, verb: str) -> None:
    page.goto("/instances/")
    verbs.row(page, "steady").get_by_role("button", name="Actions on steady").click()
    verbs.row(page, "steady").get_by_role("link", name=f"{ACTIONS[verb].label}…").click()
    expect(page.get_by_role("heading", name=f"{ACTIONS[verb].label}: steady")).to_be_visible()
    if verb == "resize":
        page.get_by_text("small", exact=True).click()
        expect(page.get_by_role("row", name="Memory")).not_to_contain_text("…")
    assert looks.inspect(page, f"ask-{verb}") + faults == []


def test_an_instance_in_the_recycle_bin(stack: Stack, page: Page, faults: Faults) -> None:
    page.goto(reverse("instance", args=[stack.instance("binned")["uuid"]]))
    expect(page.locator(".instance-title .state")).to_contain_text("In the recycle bin")
    assert looks.inspect(page, "instance-binned") + faults == []


def test_the_palette(page: Page, faults: Faults) -> None:
    page.goto("/")
    looks.settle(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("steady")
    expect(page.get_by_role("option", name="Stop steady Action", exact=True)).to_be_visible()
    assert looks.inspect(page, "palette") + faults == []


@pytest.mark.parametrize("height", [900, 480])
def test_a_menu_keeps_to_the_window(page: Page, height: int) -> None:
    """The menu of the last row too, in a window that has room for it neither below nor above its button."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.goto("/instances/")
    looks.settle(page)
    toggle = page.locator("[data-row-menu]").last
    toggle.scroll_into_view_if_needed()
    toggle.click()
    menu = page.locator(".row-menu.show")
    expect(menu.get_by_role("button").first).to_be_visible()
    expect(menu).to_be_in_viewport(ratio=1)
    menu.get_by_role("button").last.click(trial=True)


def test_menus(page: Page, faults: Faults) -> None:
    page.goto("/instances/")
    looks.settle(page)
    page.get_by_role("button", name="Actions on steady").click()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()
    assert looks.inspect(page, "row-menu") + faults == []
    page.goto("/instances/")
    looks.settle(page)
    page.get_by_role("button", name="You and your preferences").click()
    assert looks.inspect(page, "user-menu", frame=True) + faults == []
    page.goto("/instances/")
    page.get_by_label("Select steady").check()
    assert looks.inspect(page, "selection") + faults == []
    page.get_by_role("button", name="More").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bulk-menu .impossible", has_text="Unpause")).to_contain_text(
        "Not possible in the state"
    )
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.locator("#bulk-menu")).to_be_in_viewport(ratio=1)
    assert looks.inspect(page, "selection-more") + faults == []
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk-count]")).to_have_text("1")


def test_verbs_for_many_that_ask(page: Page, faults: Faults) -> None:
    """From the bar's menu to a page that foretells, and to what became of it."""
    page.goto("/instances/")
    looks.settle(page)
    for name in ("steady", "crashed"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Resize").click()
    page.get_by_label("Size").select_option(index=2)
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    assert looks.inspect(page, "many-resize") + faults == []
    back = page.url
    page.goto(back.replace("/resize/", "/expiry/"))
    expect(page.get_by_role("heading", name="2 of 2 change")).to_be_visible()
    assert looks.inspect(page, "many-expiry") + faults == []
    page.goto(back.replace("/resize/", "/tags/"))
    page.get_by_label("Add").fill("web, blue")
    expect(page.get_by_role("heading", name="2 of 2 change")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Done for 2 of 2")).to_be_visible()
    assert looks.inspect(page, "many-done") + faults == []
    page.goto(back.replace("/resize/", "/tags/"))
    page.get_by_label("Remove").fill("web, blue")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Done for 2 of 2")).to_be_visible()


def test_the_question_before_deleting_for_good(page: Page, faults: Faults) -> None:
    page.goto("/recycle-bin/")
    looks.settle(page)
    verbs.row(page, "binned").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert looks.inspect(page, "confirm") + faults == []


def test_editing_a_quota(page: Page, faults: Faults) -> None:
    page.goto("/projects/")
    looks.settle(page)
    page.locator("tr", has=page.get_by_role("rowheader", name="demo")).get_by_role(
        "button", name="Change the limits of demo"
    ).click()
    field = page.get_by_role("textbox", name="Instances")
    field.fill("many")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field-error")).to_be_visible()
    assert looks.inspect(page, "projects-edit") + faults == []


def test_limits_for_many(page: Page, faults: Faults) -> None:
    page.goto("/projects/")
    looks.settle(page)
    page.get_by_label("Select demo").check()
    expect(page.get_by_role("button", name="Set limits")).to_be_visible()
    assert looks.inspect(page, "projects-selection") + faults == []


@pytest.mark.parametrize(
    ("path", "name"),
    examples(
        [("/users/?search=nobody", "users-none"), ("/projects/?search=nothing", "projects-none")],
        ("/users/?search=nobody", "users-none"),
        unpack=True,
    ),
)
def test_a_search_without_a_find(page: Page, faults: Faults, path: str, name: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", name="No matches")).to_be_visible()
    assert looks.inspect(page, name) + faults == []


@pytest.mark.parametrize(
    ("route", "found"),
    examples([("project", "mel"), ("user", "quiet"), ("group", "ruth")], ("project", "mel"), unpack=True),
)
def test_finding_whom_and_where(stack: Stack, page: Page, faults: Faults, route: str, found: str) -> None:
    page.goto(address(stack, route))
    page.get_by_role("searchbox").first.fill(found)
    expect(page.locator(".found-item", has_text=found)).to_be_visible()
    assert looks.inspect(page, f"{route}-find") + faults == []


def test_a_form_with_errors(page: Page) -> None:
    page.goto("/users/new/")
    page.get_by_role("textbox", name="Name", exact=True).fill("someone")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create user").click()
    expect(page.get_by_text("too short")).to_be_visible()
    assert looks.inspect(page, "user-new-errors") == []
