"""A story over a bad line: one request in twenty fails, and the network comes and goes. Nothing hangs without a word."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Error, Page, Route, WebSocketRoute, expect

from tests.browser import verbs
from tests.stack import Browserless, Stack

FAILING = 0.05
SOON = 8_000
"""Milliseconds until a person sees what they wait for, or that something is the matter."""
LAUNCHED = re.compile(r"/instances/([0-9a-f-]{36}/)?$")
SAID = "#offline:visible, #unloaded:visible, .toast-note[data-kind=danger]:visible, .note[data-kind=danger]:visible"
HEAR = """new MutationObserver(() => {
  window.complained ||= document.querySelector(".toast-note[data-kind=danger]") !== null;
}).observe(document, { childList: true, subtree: true });"""
"""Remembers that a message was shown, which is gone again when a test looks after its last second of patience."""


class Line:
    """What lies between the browser and the portal."""

    def __init__(self, page: Page, seed: int) -> None:
        self._page = page
        self._chance = random.Random(seed)
        self._is_up = True
        page.add_init_script(HEAR)
        page.route("**/*", self.carry)
        page.route_web_socket(re.compile("/ws/live/"), self._join)

    def carry(self, route: Route) -> None:
        if self._is_up and self._chance.random() >= FAILING:
            route.continue_()
        else:
            route.abort("connectionreset")

    def _join(self, near: WebSocketRoute) -> None:
        if not self._is_up:
            near.close()
            return
        far = near.connect_to_server()
        # While the network is away the connection stays, and is dead: nobody hears of it.
        near.on_message(lambda message: far.send(message) if self._is_up else None)
        far.on_message(lambda message: near.send(message) if self._is_up else None)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The network goes away and comes again, as the browser hears from its system."""
        self._is_up = False
        self._page.evaluate("() => { dispatchEvent(new Event('offline')); }")
        expect(self._page.locator("#offline")).to_be_visible()
        yield
        self._is_up = True
        self._page.evaluate("() => { dispatchEvent(new Event('online')); }")
        expect(self._page.locator("#offline")).to_be_hidden()


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_life_over_a_bad_line(stack: Stack, page: Page, admin: Browserless, seed: int) -> None:
    line, name = Line(page, seed), f"shaky-{seed}"

    def launch() -> None:
        page.goto("/instances/launch/")
        page.get_by_role("textbox", name="Name", exact=True).fill(name)
        page.get_by_role("button", name="Launch instance").click()

    insist(page, launch, lambda: expect(page).to_have_url(LAUNCHED, timeout=SOON))
    insist(page, lambda: page.goto("/instances/"), lambda: verbs.expect_status(page, name, "Running"))

    with line.away():
        admin.act(stack, name, "force_stop")
        stack.wait_for_state(name, "stopped")
    verbs.expect_status(page, name, "Off")

    start = verbs.row(page, name).get_by_role("button", name=f"Start {name}")
    insist(page, lambda: start.click(timeout=SOON), lambda: verbs.expect_status(page, name, "Running"))
    uuid = stack.instance(name)["uuid"]
    screen = page.context.new_page()  # noVNC takes no websocket but the browser's own
    screen.add_init_script(HEAR)
    screen.route("**/*", line.carry)
    console = expect(screen.locator("[data-console]"))
    insist(
        screen,
        lambda: screen.goto(f"/instances/{uuid}/console/"),
        lambda: console.to_have_attribute("data-state", "connected", timeout=2 * SOON),
    )
    assert len(stack.rows("SELECT id FROM compute_instance WHERE name = ?", name)) == 1, "launched once"
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted")


def insist(page: Page, do: Callable[[], object], done: Callable[[], None]) -> None:
    """What a person does: look again, then try again, until it is done. Whatever fails must have said so."""
    for _attempt in range(8):
        said = False
        for step in (do, page.reload):
            try:
                step()
                done()
            except (Error, AssertionError) as error:
                by_browser = (
                    re.search("net::ERR|Protocol error|interrupted", str(error))
                    or "chrome-error:" in page.url
                )
                # Loaded anew, a page need not repeat what it said of the request before.
                said = (
                    said
                    or bool(by_browser)
                    or page.locator(SAID).count() > 0
                    or page.evaluate("window.complained")
                )
                if not said:
                    pytest.fail(f"{page.url} hangs without a word: {error}")
            else:
                return
    raise AssertionError("not done after eight attempts")
