"""Pages and a live connection of a large installation beside those of a small one, in the same rounds.

Then the sweep of its old rows, on both databases.
"""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import connect

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.bench.listing import Viewer, viewer
from tests.postgres import cluster
from tests.stack import running

SMALL = {"instances": 100, "operations": 100, "audit events": 100, "sessions": 100}
LARGE = {"instances": 2_000, "operations": 100_000, "audit events": 100_000, "sessions": 5_000}
ROUNDS = 25
PAGES = {
    "overview": "/",
    "instances, first page": "/instances/",
    "activity": "/activity/",
    "activity of all projects": "/activity/?all=1",
    "audit log": "/audit/",
}
LIVE = "live connection, until it says that it is there"


@dataclass(frozen=True, slots=True)
class Site:
    """An installation with a member of its one project, and its administrator."""

    url: str
    member: Viewer
    admin: Viewer

    def seconds(self, what: str) -> float:
        """Of one page, or of one live connection."""
        if what == LIVE:
            return self._live()
        viewer = self.admin if what in {"audit log", "activity of all projects"} else self.member
        return viewer.get(PAGES[what])[0]

    def _live(self) -> float:
        began = time.perf_counter()
        address = self.url.replace("http", "ws", 1) + "/ws/live/"
        headers = {"Cookie": self.member.cookie}
        with connect(address, origin=self.url, additional_headers=headers) as live:  # type: ignore[arg-type]
            live.recv(timeout=30)
            return time.perf_counter() - began


def measure(_installation: Installation) -> Iterator[Figure]:
    """In two installations of their own, since rows of the shared one would be in the way of others."""
    with (
        running(BENCH_SCALE=json.dumps(SMALL)) as small,
        running(BENCH_SCALE=json.dumps(LARGE)) as large,
    ):
        sites = {}
        for name, stack in (("small", small), ("large", large)):
            installation = Installation(stack)
            member = viewer(installation, installation.run("tests.bench.scale_rows"))
            sites[name] = Site(stack.url, member, viewer(installation, "admin"))
        times: dict[tuple[str, str], list[float]] = {}
        for number in range(ROUNDS + 2):
            for what in (*PAGES, LIVE):
                for name, site in sites.items():
                    took = site.seconds(what)
                    if number >= 2:  # the first two fill caches
                        times.setdefault((what, name), []).append(took)
        swept = {"SQLite": _sweep(Installation(large))}
    with (
        cluster() as postgres,
        running(BENCH_SCALE=json.dumps(LARGE), DATABASE_URL=postgres.create("scale")) as stack,
    ):
        installation = Installation(stack)
        installation.run("tests.bench.scale_rows")
        swept["PostgreSQL"] = _sweep(installation)
    yield Figure(
        what="pages of a large installation",
        ours=", ".join(f"{count:,}" for count in LARGE.values()),
        beside=", ".join(map(str, SMALL.values())),
    )
    for what in (*PAGES, LIVE):
        ours, theirs = times[what, "large"], times[what, "small"]
        yield Figure(
            what=f"    {what}",
            ours=milliseconds(statistics.median(ours)),
            beside=milliseconds(statistics.median(theirs)),
            value=median_ratio(ours, theirs),
            goal=Goal(bound=1.3),
        )
    for database, result in swept.items():
        yield Figure(
            what=f"    sweep on {database}, longest transaction",
            ours=milliseconds(result["longest"]),
            beside=f"{result['rows']:,} rows in {result['seconds']:.0f} s, longest: {result['rule']}",
            value=result["longest"] * 1000,
            goal=Goal(bound=200, unit="ms"),
        )


def _sweep(installation: Installation) -> dict[str, Any]:
    """Sweep all old rows away, while the installation's own sweep stands still."""
    with installation.stack.holding("sweep"):
        result: dict[str, Any] = json.loads(installation.run("tests.bench.sweep_rows"))
    assert max(result["left"]) < 100, result
    return result
