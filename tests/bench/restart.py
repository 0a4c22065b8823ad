"""Starting what was installed and used before: from the command to a served sign-in page."""

import time
import urllib.error
from collections.abc import Iterator

from tests.bench.figures import Figure, Goal
from tests.bench.installation import Installation
from tests.stack import START_SECONDS, Browserless


def measure(installation: Installation) -> Iterator[Figure]:
    """Comes last: it stops the portal that the others measure."""
    stack = installation.stack
    began = time.perf_counter()
    stack.stop()
    stopped = time.perf_counter()
    stack.start()
    while not _is_served(stack.url):
        late = time.perf_counter() - stopped > START_SECONDS
        assert not late, f"no sign-in page after {START_SECONDS} s; the log ends:\n{stack.tail()}"
        time.sleep(0.05)
    took = time.perf_counter() - stopped
    yield Figure(
        what="second `manage.py up` to a served sign-in page",
        ours=f"{took:.1f} s",
        value=took,
        goal=Goal(bound=15, unit="s"),
    )
    yield Figure(what="    before it: stopping", ours=f"{stopped - began:.1f} s")


def _is_served(url: str) -> bool:
    try:
        return Browserless(url).get("/sign-in/").status == 200
    except urllib.error.URLError:
        return False
