"""What a person does about the life of an instance: schedule, expire, extend, clone, cancel."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.stack import Browserless, Stack

AGENT = """
from compute.models import Instance
said = {"system": "Debian GNU/Linux 13", "kernel": "6.12", "hostname": "inside", "addresses": ["192.0.2.7"]}
Instance.objects.filter(name="mortal").update(agent=said)
"""


@pytest.fixture(scope="module")
def mortal(stack: Stack, admin: Browserless) -> Iterator[str]:
    """The address of an instance of these tests' own."""
    admin.launch(stack, "mortal")
    uuid = stack.wait_for_state("mortal", "active", 120)["uuid"]
    yield f"/instances/{uuid}/"
    admin.act(stack, "mortal", "purge")
    stack.wait_for_state("mortal", "deleted", 120)


def test_schedules_and_expiry(stack: Stack, page: Page, faults: Faults, mortal: str) -> None:
    page.goto(mortal)
    page.get_by_role("link", name="Add a schedule").click()
    expect(page.get_by_label("Time zone")).not_to_have_value("")
    assert looks.inspect(page, "schedule-new") == []
    page.get_by_label("Action", exact=True).select_option("Stop")
    expect(page.get_by_label("Cron line")).to_be_hidden()
    page.get_by_label("How often").select_option("Monday to Friday")
    expect(page.get_by_label("Date and time")).to_be_hidden()
    page.get_by_label("Time", exact=True).fill("20:00")
    page.get_by_label("Until").fill("2040-07-01")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Create schedule").click()
    card = page.get_by_role("region", name="Schedule")
    expect(card).to_contain_text("Monday to Friday at 20:00, until 2040-07-01")
    expect(card).to_contain_text("20:00 (Europe/Berlin)")
    with verbs.without_reload(page):
        card.get_by_role("button", name="Let Stop rest").click()
        expect(card).to_contain_text("rests")
        card.get_by_role("button", name="Let Stop go on").click()
        expect(card).not_to_contain_text("rests")
    page.get_by_role("link", name="Set an expiry").click()
    page.get_by_label("Expires").fill("2040-07-01T12:00")
    page.get_by_label("Time zone").select_option("UTC")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Expiry")).to_contain_text("2040-07-01 12:00")
    page.get_by_role("button", name="Extend by 7 days").click()
    expect(page.get_by_role("region", name="Expiry")).to_contain_text("2040-07-08 12:00")
    stack.manage("shell", "-c", AGENT)
    page.reload()
    expect(page.get_by_text("Debian GNU/Linux 13")).to_be_visible()
    assert looks.inspect(page, "instance-life") + faults == []
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("link", name="Set password…").click()
    assert looks.inspect(page, "ask-set_password") + faults == []


def test_cancelling(stack: Stack, page: Page, faults: Faults, mortal: str) -> None:
    """The button stands beside the progress; afterwards the instance is as it was."""
    (stack.failpoints / "hold-instance.rebuild.new_disk").touch()
    page.goto(f"{mortal}actions/rebuild/")
    page.get_by_role("button", name="Rebuild").click()
    dialog = page.get_by_role("dialog")
    expect(
        dialog.get_by_role("button", name="Rebuild")
    ).to_be_disabled()  # it cannot be undone: its name is typed
    dialog.get_by_role("textbox").fill(dialog.locator("strong").inner_text())
    dialog.get_by_role("button", name="Rebuild").click()
    progress = page.get_by_role("region", name="Operation in progress")
    expect(progress).to_be_visible()
    assert looks.inspect(page, "instance-cancel") == []
    with verbs.without_reload(page):
        progress.get_by_role("button", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
        expect(progress).to_contain_text("Cancelling")
        (stack.failpoints / "hold-instance.rebuild.new_disk").unlink()
        expect(progress).to_have_count(0)
    expect(page.locator(".instance-title .state")).to_contain_text("Running")
    assert faults == []


def test_cloning(stack: Stack, page: Page, faults: Faults, mortal: str) -> None:
    page.goto(mortal)
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("link", name="Clone…").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("born-of-mortal")
    page.locator("#ask-form").get_by_role("button", name="Clone").click()
    expect(page.get_by_role("heading", name="born-of-mortal")).to_be_visible()
    expect(page).not_to_have_url(re.compile(re.escape(mortal)))
    expect(page.locator(".instance-title .state")).to_contain_text("Running")
    assert faults == []
    admin = stack.sign_in(verbs.NAME)
    admin.act(stack, "born-of-mortal", "purge")
    stack.wait_for_state("born-of-mortal", "deleted", 120)
