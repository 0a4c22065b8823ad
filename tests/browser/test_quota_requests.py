"""A member runs into the quota, asks for more without leaving the page; the administrator gives it."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.stack import PASSWORD, Browserless, Stack

WORLD = f"""
from accounts.models import Quota
from tests import factories as make
shop = make.ProjectFactory(name="shop")
Quota.objects.create(project=shop, resource="instances", limit=0)
nora = make.UserFactory.build(name="nora", domain=shop.domain, default_project=shop)
nora.set_password({PASSWORD!r})
nora.save()
make.AssignmentFactory(user=nora, project=shop, role__name="member")
"""


def test_more_is_asked_for_given_and_used(
    stack: Stack, admin: Browserless, new_context: Callable[..., BrowserContext], page: Page, faults: Faults
) -> None:
    stack.manage("shell", "-c", WORLD)
    page.goto("/")
    badge = page.locator(".rail-badge")
    expect(badge).to_be_empty()
    member = new_context(stack.sign_in("nora")).new_page()
    with verbs.without_reload(page):
        ask(member)
        expect(badge).to_have_text("1, 1 waits")
    page.get_by_role("link", name="Quota requests").click()
    card = page.locator(".requests > li", has_text="shop: 1 instance more")
    expect(card).to_contain_text("the sale begins")
    assert looks.inspect(page, "quota-requests-waiting") + faults == []
    size = member.get_by_role("radio", name="tiny 1 vCPU")
    with verbs.without_reload(member), verbs.without_reload(page):
        card.get_by_role("button", name="Approve").click()
        expect(badge).to_be_empty()
        expect(page.get_by_text("Approved")).to_be_visible()
        expect(size).to_be_enabled()
        member.locator("#launch-sizes").get_by_text("tiny", exact=True).click()
        expect(member.get_by_role("textbox", name="Name", exact=True)).to_have_value("till")
    member.get_by_role("button", name="Launch instance").click()
    verbs.expect_status(member, "till", "Running")
    member.goto("/")
    expect(member.get_by_text("decided by admin")).to_be_visible()
    assert looks.inspect(member, "overview-approved") == []
    admin.act(stack, "till", "purge")
    stack.wait_for_state("till", "deleted", 120)


def ask(member: Page) -> None:
    """Every size is disabled; the smallest one's offer opens a dialog beside what was typed."""
    member.goto("/instances/launch/")
    member.get_by_role("textbox", name="Name", exact=True).fill("till")
    with verbs.without_reload(member):
        member.locator("#launch-sizes").get_by_role("link", name="Request 1 instance more").first.click()
        dialog = member.get_by_role("dialog", name="Request a larger quota")
        expect(dialog.get_by_role("textbox", name="Instances: new limit")).to_have_value("1")
        dialog.get_by_role("textbox", name="Reason").fill("the sale begins")
        assert looks.inspect(member, "launch-ask") == []
        dialog.get_by_role("button", name="Send request").click()
        expect(dialog).to_be_hidden()
        expect(
            member.locator("#launch-sizes").get_by_text("Waiting for an administrator").first
        ).to_be_visible()
