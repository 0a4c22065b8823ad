"""What happens elsewhere appears on open pages, and a broken connection repairs itself."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import verbs
from tests.stack import Browserless, Stack

NewContext = Callable[..., BrowserContext]
WATCH_HIDDEN = """
picture => new MutationObserver(() => { if (picture.hidden || !picture.src) picture.dataset.wasHidden = "" })
  .observe(picture, {attributes: true})
"""


@pytest.fixture(scope="module")
def lively(stack: Stack, admin: Browserless) -> Iterator[str]:
    """The name of an instance that these tests start and stop as they like."""
    admin.launch(stack, "lively")
    stack.wait_for_state("lively", "active", 120)
    yield "lively"
    admin.act(stack, "lively", "purge")
    stack.wait_for_state("lively", "deleted", 120)


@pytest.fixture
def other(new_context: NewContext, stack: Stack) -> Page:
    """The same person again, in another browser."""
    return new_context(stack.sign_in(verbs.NAME)).new_page()


def test_an_action_shows_in_the_other_browser(page: Page, other: Page, lively: str) -> None:
    page.goto("/instances/")
    other.goto("/instances/")
    with verbs.without_reload(other):
        verbs.act(page, lively, "Force stop")
        verbs.confirm(page, "Force stop")
        verbs.expect_status(other, lively, "Off")
        verbs.row(page, lively).get_by_role("button", name=f"Start {lively}").click()
        verbs.expect_status(other, lively, "Running")


def test_counts_and_quota_bars_move(stack: Stack, page: Page, other: Page, lively: str, steady: str) -> None:
    page.goto("/instances/launch/")
    other.goto("/")
    running = other.get_by_role("link", name="Running").locator(".tile-number")
    usage = other.locator(".usage", has_text="Instances")
    bar = usage.locator(".bar-used")
    expect(running).to_have_text(re.compile(r"\d"))
    before = int(running.inner_text())
    figures, width = usage.locator(".usage-figures").inner_text(), bar.get_attribute("width")
    with verbs.without_reload(other):
        page.get_by_role("textbox", name="Name", exact=True).fill("counted")
        page.get_by_role("button", name="Launch instance").click()
        expect(running).to_have_text(str(before + 1))
        expect(usage.locator(".usage-figures")).not_to_have_text(figures)
        expect(bar).not_to_have_attribute("width", str(width))
        verbs.act(page, "counted", "Delete")
        verbs.confirm(page, "Delete")
        expect(running).to_have_text(str(before))
        page.goto("/recycle-bin/")
        verbs.row(page, "counted").get_by_role("button", name="Delete for good").click()
        verbs.confirm(page, "Delete for good", name="counted")
        expect(usage.locator(".usage-figures")).to_have_text(figures)
        expect(bar).to_have_attribute("width", str(width))


def test_the_picture_of_the_screen_stays_while_the_rest_changes(
    stack: Stack, page: Page, lively: str
) -> None:
    uuid = stack.instance(lively)["uuid"]
    page.goto(f"/instances/{uuid}/")
    picture = page.locator("img[data-screen]")
    expect(picture).to_be_visible()
    picture.evaluate(WATCH_HIDDEN)
    for _ in range(3):
        with page.expect_response(lambda answer: answer.url.endswith(f"/instances/{uuid}/")):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('live:refresh'))")
        page.wait_for_load_state("networkidle")
    assert picture.get_attribute("data-was-hidden") is None
    expect(picture).to_be_visible()


def test_a_crash_is_shown(stack: Stack, page: Page, other: Page, lively: str) -> None:
    uuid = stack.instance(lively)["uuid"]
    page.goto("/instances/")
    other.goto(f"/instances/{uuid}/")
    verbs.expect_status(page, lively, "Running")
    with verbs.without_reload(page), verbs.without_reload(other):
        os.kill(verbs.qemu(uuid), signal.SIGKILL)
        expect(verbs.row(page, lively).locator(".cell-status .state")).to_have_text("Off")
        expect(other.get_by_role("alert")).to_contain_text("crashed")
        other.locator("#instance-header").get_by_role("button", name="Start", exact=True).click()
        verbs.expect_status(page, lively, "Running")
        expect(other.get_by_role("alert")).to_be_hidden()


def test_a_broken_connection_repairs_itself(stack: Stack, page: Page, lively: str) -> None:
    """While the server cannot be reached the page says so; afterwards it shows what changed meanwhile."""
    uuid = stack.instance(lively)["uuid"]
    page.goto("/instances/")
    verbs.expect_status(page, lively, "Running")
    banner = page.get_by_text("Connection lost")
    expect(banner).to_be_hidden()
    with verbs.without_reload(page):
        web = stack.pid("web")
        supervisor = _parent(web)
        os.kill(supervisor, signal.SIGSTOP)  # keeps web away for long enough to be worth saying
        try:
            os.kill(web, signal.SIGKILL)
            expect(banner).to_be_visible()
            os.kill(verbs.qemu(uuid), signal.SIGKILL)
            stack.wait_for_state(lively, "stopped")
            verbs.expect_status(page, lively, "Running")
        finally:
            os.kill(supervisor, signal.SIGCONT)
        expect(banner).to_be_hidden()
        verbs.expect_status(page, lively, "Off")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
