"""Choosing more instances than a page holds."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Browserless, Stack

COUNT, OF_A_PAGE = 60, 50
MAKE = f"""
from accounts.models import Project
from compute.models import Instance
project = Project.objects.get(name="demo")
for number in range({COUNT}):
    Instance.objects.create(
        project=project, name=f"crowd-{{number:02}}", vcpus=1, ram_mib=64, disk_gib=1, vm_state="stopped"
    )
"""
FORGET = "from compute.models import Instance; Instance.objects.filter(name__startswith='crowd-').delete()"


@pytest.fixture
def _many(stack: Stack, admin: Browserless) -> Iterator[None]:
    """Rows without guests: here they are only chosen."""
    stack.manage("shell", "--verbosity", "0", "-c", MAKE)
    yield
    stack.manage("shell", "--verbosity", "0", "-c", FORGET)


@pytest.mark.usefixtures("_many")
def test_all_that_a_search_finds_are_chosen_and_asked_about(page: Page) -> None:
    page.goto("/instances/?search=crowd-")
    count = page.locator("[data-bulk-count]")
    page.locator("[data-bulk-all]").check()
    expect(count).to_have_text(str(OF_A_PAGE))
    page.get_by_role("button", name=f"Select all {COUNT}").click()
    expect(count).to_have_text(str(COUNT))
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(str(COUNT))
    expect(dialog).to_contain_text("crowd-00")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator("[data-bulk-clear]").click()
    expect(page.locator("[data-bulk-bar]")).to_be_hidden()
    expect(page.locator("tr[data-chosen]")).to_have_count(0)
