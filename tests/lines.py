"""Lines of tests that run guests: one after the other in each, since they wait more than they compute."""

import tempfile
from pathlib import Path

TURN, LIVES = (Path(tempfile.gettempdir(), f"meridian-tests-{name}") for name in ("turn", "lives"))
KILLERS = "killers"
LINES = {
    "tests/faults/test_libvirt_restarted.py": KILLERS,
    "tests/browser/": "browser",
    "tests/life/": "life",
    "tests/hypervisor/": "hypervisor",
    "tests/faults/": "faults",
    "tests/browser/test_first_vm.py": "first",
    "tests/clients/": "clients",
    "tests/life/test_interrupted.py": "interrupted",
}
"""Where a line's tests are. Longest first.

Killers run while no other line is on a machine, for they kill libvirtd.
"""


def line_of(nodeid: str) -> str:
    """The line in which a test stands; empty for one in none."""
    places = [place for place in LINES if nodeid.startswith(place)]
    return LINES[max(places, key=len)] if places else ""
