"""The second factor, recovery codes, sessions and invitations, as a person goes through them."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.codes import code
from tests.stack import PASSWORD, Browserless, Stack, wait_for

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def sam(stack: Stack, admin: Browserless) -> str:
    """The name of a user that an administrator invited, with a password; made once."""
    if not stack.rows("select id from accounts_user where name = 'sam'"):
        project = stack.rows("select id from accounts_project where name = 'demo'")[0]["id"]
        shown = admin.post("/users/invite/", name="sam", project=project, role="member").text
        link = re.search(r'value="[^"]+(/password/[^"]+)"', shown)
        assert link, shown
        assert Browserless(stack.url).post(link[1], password=PASSWORD).status == 200
    return "sam"


def enter_code(page: Page, given: str) -> None:
    page.get_by_label("Code", exact=True).fill(given)
    page.get_by_role("button", name="Continue").click()


def test_from_the_first_scan_to_signing_out_everywhere(
    new_context: NewContext, stack: Stack, sam: str
) -> None:
    """Enable it, sign out, sign in with a code, elsewhere with a recovery code, then end everything from there."""
    page = new_context().new_page()
    faults = Faults(page)
    page.goto("/sign-in/?next=/account/")
    verbs.sign_in(page, sam)
    page.get_by_role("link", name="Set up a second factor").click()
    secret = page.locator("#secret").inner_text()
    assert looks.inspect(page, "second-factor") == []
    page.get_by_label("Code from the app").fill(code(secret, steps=-1))
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    recovery = page.locator(".codes li").all_inner_texts()
    kept = page.get_by_role("link", name="Download").get_attribute("href")
    assert unquote(str(kept)).endswith("\n".join(recovery))
    assert looks.inspect(page, "recovery-codes") == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()

    page.goto("/")
    verbs.sign_out(page)
    verbs.sign_in(page, sam)
    expect(page.get_by_role("heading", name="Enter a code")).to_be_visible()
    assert looks.inspect(page, "sign-in-code") == []
    enter_code(page, code(secret))
    expect(page).to_have_url("/")
    assert faults == []

    other = new_context().new_page()
    other.goto("/sign-in/?next=/account/")
    verbs.sign_in(other, sam)
    enter_code(other, recovery[0])
    expect(other.get_by_text("9 recovery codes are left")).to_be_visible()
    assert looks.inspect(other, "account-second-factor") == []

    with page.expect_websocket() as live:
        page.goto("/instances/")
    page.wait_for_load_state("networkidle")
    other.get_by_role("button", name="Sign out everywhere").click()
    verbs.confirm(other, "Sign out everywhere")
    page.wait_for_url("**/sign-in/**")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    wait_for(live.value.is_closed, "the live connection to end")
    assert (
        stack.rows(
            "select s.id from accounts_usersession s join accounts_user u on u.id = s.user_id "
            "where u.name = ?",
            sam,
        )
        == []
    )


def test_one_other_session_is_signed_out_from_the_list(new_context: NewContext, stack: Stack) -> None:
    stack.manage("shell", "-c", OLGA)
    page, other = (new_context().new_page() for _number in range(2))
    for each, where in ((page, "/account/"), (other, "/")):
        each.goto(f"/sign-in/?next={where}")
        verbs.sign_in(each, "olga")
        expect(each).to_have_url(where)
    with other.expect_websocket():
        other.reload()
    other.wait_for_load_state("networkidle")
    page.reload()
    assert looks.inspect(page, "account-sessions") == []
    with verbs.without_reload(page):
        page.locator("#sessions").get_by_role("button").click()
        verbs.confirm(page, "Sign out")
        expect(page.locator("#sessions li")).to_have_count(1)
    other.wait_for_url("**/sign-in/**")


def test_an_invitation(new_context: NewContext, page: Page, stack: Stack) -> None:
    page.goto("/users/invite/")
    page.get_by_label("Name", exact=True).fill("ivy")
    page.get_by_label("Project").select_option(label="demo")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Link to pass on").input_value()
    assert looks.inspect(page, "user-invited") == []
    guest = new_context().new_page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Welcome")).to_be_visible()
    assert looks.inspect(guest, "choose-password") == []
    guest.get_by_label("New password").fill("short")
    guest.get_by_role("button", name="Set the password and sign in").click()
    expect(guest.get_by_text("too short")).to_be_visible()
    guest.get_by_label("New password").fill(PASSWORD)
    guest.get_by_role("button", name="Set the password and sign in").click()
    expect(guest).to_have_url("/")
    expect(guest.get_by_role("link", name="Launch", exact=True)).to_be_visible()


def test_a_passkey(new_context: NewContext, stack: Stack) -> None:
    """Made on the account's page, then it opens without name, password and code; deleted, it opens nothing."""
    stack.manage("shell", "-c", OLGA.replace("olga", "pam"))
    context = new_context()
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    by_name = stack.url.replace("127.0.0.1", "localhost")  # passkeys belong to names
    page.goto(f"{by_name}/sign-in/?next=/account/")
    verbs.sign_in(page, "pam")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#passkeys li")).to_have_count(1)
    assert looks.inspect(page, "account-passkeys") == []
    page.goto(f"{by_name}/")
    verbs.sign_out(page)
    assert looks.inspect(page, "sign-in-passkey") == []
    page.goto(f"{by_name}/sign-in/?next=/account/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{by_name}/account/")
    page.locator("#passkeys").get_by_role("button", name="Delete").click()
    verbs.confirm(page, "Delete")
    expect(page.locator("#passkeys li")).to_have_count(0)
    page.goto(f"{by_name}/")
    verbs.sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("#toasts")).to_contain_text("not known here any more")


DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
OLGA = f"""
from tests import factories as make
user = make.UserFactory.build(name="olga", domain=make.DomainFactory())
user.set_password({PASSWORD!r})
user.save()
"""
