"""The snapshots of an instance in the browser: taken, gone back to, renamed and deleted, all of it live."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.stack import Browserless, Stack


@pytest.fixture(scope="module")
def traveller(stack: Stack, admin: Browserless) -> Iterator[str]:
    """The address of the snapshots of a running instance of these tests' own."""
    admin.launch(stack, "traveller")
    uuid = stack.wait_for_state("traveller", "active", 120)["uuid"]
    yield f"/instances/{uuid}/snapshots/"
    admin.act(stack, "traveller", "purge")
    stack.wait_for_state("traveller", "deleted", 120)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=re.compile(rf"^\s*{name}\b"))


def take(page: Page, name: str, *, with_memory: bool = False) -> None:
    page.get_by_label("Name of the snapshot").fill(name)
    if with_memory:
        page.get_by_label("With the memory").check()
    page.get_by_role("button", name="Take a snapshot").click()
    expect(row(page, name)).to_contain_text("Available", timeout=60_000)


def test_there_and_back(page: Page, faults: Faults, traveller: str) -> None:
    page.goto(traveller)
    expect(page.get_by_role("heading", name="No snapshots yet")).to_be_visible()
    assert looks.inspect(page, "instance-snapshots-none") == []
    with verbs.without_reload(page):
        take(page, "before the upgrade", with_memory=True)
        expect(row(page, "before the upgrade")).to_contain_text("with memory")
        page.get_by_label("Name of the snapshot").fill("half a na")
        with page.expect_response(lambda answer: answer.url.endswith(traveller)):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('live:refresh'))")
        looks.settle(page)
        expect(page.get_by_label("Name of the snapshot")).to_have_value("half a na")
        take(page, "after the upgrade")
        expect(row(page, "after the upgrade")).to_contain_text("Current")
    page.get_by_role("link", name="Revert to before the upgrade").click()
    expect(page.get_by_label(re.compile("before the upgrade – "))).to_be_checked()
    expect(page.get_by_label("Keep what it has now as a snapshot")).to_be_checked()
    assert looks.inspect(page, "instance-revert") == []
    page.get_by_role("button", name="Revert to a snapshot").click()
    expect(row(page, "before the upgrade")).to_contain_text("Current", timeout=60_000)
    expect(row(page, "Before reverting to before the upgrade")).to_contain_text("Available")
    take(page, "another way")
    looks.settle(page)
    assert looks.inspect(page, "instance-snapshots") + faults == []

    page.get_by_role("link", name="Rename another way").click()
    assert looks.inspect(page, "instance-snapshot-edit") == []
    page.get_by_label("Name").fill("the other way")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "the other way")).to_be_visible()
    with verbs.without_reload(page):
        for name in ("before the upgrade", "the other way"):
            row(page, name).get_by_role("button", name=re.compile("Delete")).click()
            expect(page.get_by_role("dialog")).to_contain_text("cannot go back to it any more")
            verbs.confirm(page, "Delete")
            expect(row(page, name)).to_have_count(0, timeout=60_000)
    assert faults == []
