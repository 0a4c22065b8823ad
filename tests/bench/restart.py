"""Starting what was installed and used before: from the command to a served sign-in page."""

import time
import urllib.error
from collections.abc import Iterator

from tests.bench.figures import Figure, Goal
from tests.bench.installation import Installation
from tests.stack import Browserless, wait_for


def measure(installation: Installation) -> Iterator[Figure]:
    """Comes last: it stops the portal that the others measure."""
    stack = installation.stack
    began = time.perf_counter()
    stack.stop()
    stopped = time.perf_counter()
    stack.start()
    wait_for(lambda: _is_served(stack.url), "the sign-in page", 60, pause=0.02)
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
