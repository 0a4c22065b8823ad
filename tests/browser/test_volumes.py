"""The life of a volume in the browser: created, attached to a running guest, detached, extended, deleted."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.stack import Browserless, Stack


@pytest.fixture(scope="module")
def keeper(stack: Stack, admin: Browserless) -> Iterator[str]:
    """The address of a running instance of these tests' own."""
    admin.launch(stack, "keeper")
    uuid = stack.wait_for_state("keeper", "active", 120)["uuid"]
    yield f"/instances/{uuid}/"
    admin.act(stack, "keeper", "purge")
    stack.wait_for_state("keeper", "deleted", 120)


def expect_state(page: Page, state: str) -> None:
    """The state in the head of a volume's page."""
    expect(page.locator("#volume-header .instance-title .state").first).to_have_text(state)


def test_from_its_creation_to_its_deletion(stack: Stack, page: Page, faults: Faults, keeper: str) -> None:
    page.goto("/volumes/")
    page.get_by_role("link", name="Create volume").first.click()
    page.get_by_label("Name").fill("ledger")
    with verbs.without_reload(page):
        page.get_by_label("Size (GiB)").fill("100000")
        expect(page.locator("#size-error")).to_have_text(re.compile("Give a whole number of GiB"))
        expect(page.get_by_role("button", name="Create volume")).to_be_disabled()
        page.get_by_label("Size (GiB)").fill("1")
        command = page.locator("#volume-summary code")
        expect(command).to_have_text("openstack volume create --size 1 --type standard ledger")
    page.get_by_label("Description").fill("All accounts")
    assert looks.inspect(page, "volume-create-filled") == []
    page.get_by_role("button", name="Create volume").click()
    expect(page.get_by_role("heading", name="ledger")).to_be_visible()
    expect_state(page, "Available")
    page.get_by_role("link", name="Attach…").first.click()
    page.get_by_label(re.compile("keeper – ")).check()
    assert looks.inspect(page, "volume-attach") == []
    page.get_by_role("button", name="Attach", exact=True).click()
    expect_state(page, "In use")
    expect(page.get_by_role("region", name="Attachment")).to_contain_text("/dev/vdb")
    expect(page.get_by_role("region", name="In the guest")).to_contain_text(
        "sudo mkfs.ext4 /dev/disk/by-id/virtio-"
    )
    assert looks.inspect(page, "volume-attached") + faults == []
    _extend_while_it_runs(page)
    _detach_once_it_is_off(page, keeper)
    _delete(page)
    assert faults == []


def _extend_while_it_runs(page: Page) -> None:
    page.get_by_role("link", name="Extend").first.click()
    expect(page.get_by_text("Now 1 GiB.")).to_be_visible()
    page.get_by_label("Size (GiB)").fill("2")
    assert looks.inspect(page, "volume-extend") == []
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("region", name="Details")).to_contain_text("2 GiB")
    expect_state(page, "In use")


def _detach_once_it_is_off(page: Page, keeper: str) -> None:
    """A guest that only halts releases no disk while it runs."""
    page.goto(keeper)
    card = page.get_by_role("region", name="Volumes")
    expect(card).to_contain_text("ledger")
    with verbs.without_reload(page):
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator(".instance-title .state").first).to_have_text("Off")
        card.get_by_role("button", name="Detach ledger").click()
        expect(page.get_by_role("dialog")).to_contain_text("Unmount it inside the guest first")
        verbs.confirm(page, "Detach")
        expect(card).to_contain_text("No volumes.")
    assert looks.inspect(page, "instance-without-volumes") == []


def _delete(page: Page) -> None:
    page.goto("/volumes/")
    looks.settle(page)
    assert looks.inspect(page, "volumes-list") == []
    with verbs.without_reload(page):
        verbs.expect_status(page, "ledger", "Available")
        verbs.act(page, "ledger", "Delete")
        verbs.confirm(page, "Delete", "ledger")
        expect(verbs.row(page, "ledger")).to_have_count(0)


def test_an_instance_takes_one_by_keyboard(
    stack: Stack, admin: Browserless, page: Page, faults: Faults, keeper: str
) -> None:
    """From the list's menu to the form, and from the instance's card, without a mouse."""
    if stack.instance("keeper")["vm_state"] != "stopped":
        admin.act(stack, "keeper", "stop")
        stack.wait_for_state("keeper", "stopped")
    page.goto("/volumes/create/")
    page.get_by_label("Name").fill("pocket")
    page.get_by_label("Size (GiB)").fill("1")
    page.keyboard.press("Enter")
    expect_state(page, "Available")
    page.goto("/volumes/")
    looks.settle(page)
    page.get_by_role("button", name="Actions on pocket").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Attach…")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Attach…")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Actions on pocket")).to_be_focused()
    page.goto(keeper)
    page.get_by_role("link", name="Attach volume").focus()
    page.keyboard.press("Enter")
    page.get_by_label(re.compile("pocket – ")).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Volumes")).to_contain_text("/dev/vdb")
    page.get_by_role("region", name="Volumes").get_by_role("link", name="pocket").click()
    expect_state(page, "In use")
    with verbs.without_reload(page):
        page.get_by_role("button", name="Detach", exact=True).click()
        verbs.confirm(page, "Detach")
        expect_state(page, "Available")
        page.get_by_role("button", name="Rename").click()
        page.keyboard.type("purse")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="purse")).to_be_visible()
    page.goto("/volumes/")
    page.get_by_label("Select purse").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("purse. For each: Its data are erased.")
    verbs.confirm(page, "Delete", "1")
    expect(verbs.row(page, "purse")).to_have_count(0)
    assert faults == []
