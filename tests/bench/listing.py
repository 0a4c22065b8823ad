"""The list of instances in projects of 10, 100 and 1,000: queries, time of one page of results, bytes."""

import http.client
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation

ROUNDS = 25
WHOLE, TEN = "/instances/", "/instances/?status=stopped"
"""A first page, of at most 50 rows; and ten results, whatever the project holds."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who keeps a connection to the front door open."""

    connection: http.client.HTTPConnection
    cookie: str

    def get(self, path: str, encoding: str = "gzip") -> tuple[float, int]:
        """Seconds, and bytes of the body."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Cookie": self.cookie, "Accept-Encoding": encoding})
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        assert answer.status == 200, f"{path} answered {answer.status}"
        return took, len(body)


def measure(installation: Installation) -> Iterator[Figure]:
    """Each round asks every list once, so that all see the same machine."""
    lists = {entry["rows"]: entry for entry in installation.rows["lists"]}
    viewers = {count: viewer(installation, entry["user"]) for count, entry in lists.items()}
    viewers[0] = viewer(installation, installation.rows["empty"])
    times: dict[tuple[str, int], list[float]] = {
        (path, count): [] for path in (WHOLE, TEN) for count in lists
    }
    times[WHOLE, 0] = []
    for number in range(ROUNDS + 2):
        for path, count in times:
            took, _size = viewers[count].get(path)
            if number >= 2:  # the first two fill caches
                times[path, count].append(took)
    least, middle, most = sorted(lists)
    counts = f"{least}, {middle}, {most:,}"
    queries = [lists[count]["queries"] for count in (least, middle, most)]
    yield Figure(
        what=f"instances page, queries with {counts} rows",
        ours=", ".join(map(str, queries)),
        value=max(queries) / min(queries),
        goal=Goal(bound=1),
    )
    yield Figure(
        what=f"ten results out of {most:,} rows",
        ours=milliseconds(statistics.median(times[TEN, most])),
        beside=f"out of {least}: {milliseconds(statistics.median(times[TEN, least]))}",
        value=median_ratio(times[TEN, most], times[TEN, least]),
        goal=Goal(bound=1.2),
    )
    yield Figure(
        what=f"first page of 50 out of {most:,} rows",
        ours=milliseconds(statistics.median(times[WHOLE, most])),
        beside=f"out of {middle}: {milliseconds(statistics.median(times[WHOLE, middle]))}",
        value=median_ratio(times[WHOLE, most], times[WHOLE, middle]),
        goal=Goal(bound=1.2),
    )
    yield Figure(
        what="first page of 50 beside the page without any",
        ours=milliseconds(statistics.median(times[WHOLE, most])),
        beside=f"without any: {milliseconds(statistics.median(times[WHOLE, 0]))}",
        value=median_ratio(times[WHOLE, most], times[WHOLE, 0]),
        goal=Goal(bound=1.6),
    )
    for count in (least, most):
        plain, packed = viewers[count].get(WHOLE, "identity")[1], viewers[count].get(WHOLE)[1]
        yield Figure(
            what=f"    bytes of the first page with {count:,} rows",
            ours=f"{plain / 1000:.0f} KB",
            beside=f"packed {packed / 1000:.1f} KB",
            value=plain / 1000,
            goal=Goal(bound=60, unit="KB"),
        )


def viewer(installation: Installation, name: str) -> Viewer:
    """The user of this name, signed in."""
    session = installation.stack.sign_in(name)
    session.get("/")  # the first page brings the styles along, and the cookie that says so
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
    return Viewer(http.client.HTTPConnection(urlsplit(installation.stack.url).netloc, timeout=60), cookie)
