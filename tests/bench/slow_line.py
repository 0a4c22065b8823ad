"""The first visit over a slow line, as of somebody on a train: until the list is seen, and until a console is ready."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from portal import first_visit
from tests.bench.figures import Figure, Goal
from tests.bench.installation import Installation
from tests.bench.push import FLAGS
from tests.chromium import program

ROUNDS = 3
SLOW_3G = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""Chromium's own preset: milliseconds of each request, bytes a second."""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
CONNECTED = (
    "() => document.querySelector('[data-console]')?.dataset.state === 'connected' && performance.now()"
)


def measure(installation: Installation) -> Iterator[Figure]:
    """Each round begins with an empty cache."""
    guest = installation.guest["uuid"]
    for what, path, ready, bound in (
        ("list painted, cold", "/instances/", PAINTED, 2.5),
        ("console ready, cold", f"/instances/{guest}/console/", CONNECTED, 5.0),
    ):
        times = []
        for _round in range(ROUNDS):
            with _page(installation) as page:
                page.goto(f"{installation.stack.url}{path}", timeout=120_000, wait_until="commit")
                times.append(page.wait_for_function(ready, timeout=120_000).json_value() / 1e3)
        middle = statistics.median(times)
        yield Figure(
            what=f"over Slow 3G: {what}",
            ours=f"{middle:.1f} s",
            value=middle,
            goal=Goal(bound=bound, unit="s"),
        )


@contextmanager
def _page(installation: Installation) -> Iterator[Page]:
    """A page of the administrator, in a browser that has seen nothing yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        context = browser.new_context()
        context.add_cookies(
            [
                {"name": cookie.name, "value": str(cookie.value), "url": installation.stack.url}
                for cookie in installation.admin.cookies
                if cookie.name not in first_visit.COOKIES.values()  # a browser that has seen nothing
            ]
        )
        page = context.new_page()
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_3G)
        yield page
        browser.close()
