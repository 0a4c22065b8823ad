"""From libvirt's event to the changed row in a real browser."""

import queue
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import libvirt
from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import ClientConnection, connect

from compute.driver import events
from compute.driver.specs import GuestEvent, GuestEventKind
from tests.bench.figures import Figure, Goal, milliseconds, percentile
from tests.bench.installation import Installation
from tests.bench.listing import Viewer, viewer
from tests.chromium import program
from tests.stack import URI, wait_for

EVENTS = 40
CROWD = 200
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Heard = queue.SimpleQueue[tuple[float, GuestEventKind]]
SHOWN = {GuestEventKind.SUSPENDED: "Paused", GuestEventKind.RESUMED: "Running"}

# Notes the wall clock of every message on the live connection, and of every change of the row's status.
WATCH = """
    window.heard = [];
    window.WebSocket = class extends WebSocket {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", () => heard.push(Date.now()));
        }
    };
"""
OBSERVE = """
    row => {
        const status = () => document.querySelector(`#${row} .state`)?.textContent.trim();
        window.changes = [];
        let last = status();
        new MutationObserver(() => {
            if (status() === last) return;
            last = status();
            changes.push([Date.now(), last]);
        }).observe(document.body, {subtree: true, childList: true, characterData: true});
    }
"""


def measure(installation: Installation) -> Iterator[Figure]:
    """Pauses and resumes a guest outside Meridian, at moments unrelated to any clock of ours."""
    guest = installation.guest
    others = viewer(installation, installation.rows["empty"])
    connection = libvirt.open(URI)
    domain = connection.lookupByUUIDString(guest["uuid"])
    with _events_of(guest["uuid"]) as heard, _page(installation) as page:
        page.locator(f"#row-{guest['uuid']} .state", has_text="Running").wait_for()
        wait_for(lambda: page.evaluate("heard.length"), "the live connection", 10)
        page.evaluate(OBSERVE, f"row-{guest['uuid']}")
        delays, wires = _times(domain, page, heard)
        with ExitStack() as open_pages:
            for _number in range(CROWD):
                open_pages.enter_context(_live(installation, others))
            crowded, _wires = _times(domain, page, heard)
    connection.close()
    yield Figure(
        what=f"libvirt event to changed row in Chromium, p95 of {EVENTS}",
        ours=milliseconds(percentile(delays, 95)),
        beside=f"p50 {milliseconds(percentile(delays, 50))}, max {milliseconds(max(delays))}",
        value=percentile(delays, 95) * 1e3,
        goal=Goal(bound=50, unit="ms"),
    )
    yield Figure(
        what="    of it: event to message in the page, median", ours=milliseconds(statistics.median(wires))
    )
    yield Figure(
        what="    of it: message to changed row, median",
        ours=milliseconds(statistics.median(delay - wire for delay, wire in zip(delays, wires, strict=True))),
    )
    yield Figure(
        what=f"    with {CROWD} open pages of another project, p95",
        ours=milliseconds(percentile(crowded, 95)),
        beside=f"p50 {milliseconds(percentile(crowded, 50))}, max {milliseconds(max(crowded))}",
        value=percentile(crowded, 95) * 1e3,
        goal=Goal(bound=150, unit="ms"),
    )


def _times(domain: libvirt.virDomain, page: Page, heard: Heard) -> tuple[list[float], list[float]]:
    """Seconds from each event to the changed row, and to the message in the page."""
    delays, wires = [], []
    for number in range(EVENTS):
        page.evaluate("() => { changes.length = heard.length = 0; }")
        (domain.resume if number % 2 else domain.suspend)()
        when, kind = heard.get(timeout=10)
        page.wait_for_timeout(200)
        shown = _shown(page, SHOWN[kind])
        delays.append(shown / 1e3 - when)
        wires.append(page.evaluate("heard[0]") / 1e3 - when)
        page.wait_for_timeout(random.uniform(100, 400))
    return delays, wires


def _live(installation: Installation, person: Viewer) -> ClientConnection:
    """A live connection such as each open page has."""
    url = installation.stack.url
    address = url.replace("http", "ws", 1) + "/ws/live/"
    return connect(address, origin=url, additional_headers={"Cookie": person.cookie})  # type: ignore[arg-type]


def _shown(page: Page, status: str) -> float:
    """The wall clock, in milliseconds, when the row first said so."""

    def moment() -> float | None:
        return next((when for when, said in page.evaluate("changes") if said.startswith(status)), None)

    return wait_for(moment, f"the row to say {status}", 10, pause=0.05)


@contextmanager
def _events_of(guest: str) -> Iterator[Heard]:
    """What libvirt tells this process of the guest, with the wall clock of each."""
    heard: Heard = queue.SimpleQueue()

    def note(event: GuestEvent) -> None:
        if event.uuid == guest and event.kind in SHOWN:
            heard.put((time.time(), event.kind))

    subscription = events.subscribe(URI, note, lambda reason: None)
    try:
        yield heard
    finally:
        subscription.close()


@contextmanager
def _page(installation: Installation) -> Iterator[Page]:
    """The administrator's list of instances."""
    cookies = [
        {"name": cookie.name, "value": str(cookie.value), "url": installation.stack.url}
        for cookie in installation.admin.cookies
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        context = browser.new_context()
        context.add_cookies(cookies)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"{installation.stack.url}/instances/")
        yield page
        browser.close()
