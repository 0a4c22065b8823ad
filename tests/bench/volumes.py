"""The list of volumes in projects of 10 and 10,000: a page of results that is the same in both."""

import json
import statistics
from collections.abc import Iterator

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.bench.listing import viewer

ROUNDS = 25
TEN = "/volumes/?status=error"


def measure(installation: Installation) -> Iterator[Figure]:
    """Each round asks both lists, so that they see the same machine."""
    people = json.loads(installation.run("tests.bench.volume_rows"))
    few, many = (viewer(installation, people[count]) for count in ("10", "10000"))
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 2):
        taken = few.get(TEN)[0], many.get(TEN)[0]
        if number >= 2:  # the first two fill caches
            for kept, seconds in zip(times, taken, strict=True):
                kept.append(seconds)
    yield Figure(
        what="ten results out of 10,000 volumes",
        ours=milliseconds(statistics.median(times[1])),
        beside=f"out of 10: {milliseconds(statistics.median(times[0]))}",
        value=median_ratio(times[1], times[0]),
        goal=Goal(bound=1.2),
    )
