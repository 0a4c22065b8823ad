"""Launch to running, beside the same disk, definition and start done by virsh."""

import json
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.bench.virsh import Virsh

ROUNDS = 15
POLL_SECONDS = 0.005


def measure(installation: Installation) -> Iterator[Figure]:
    """Rounds of ours and virsh's, each first in turn; nothing else runs meanwhile."""
    sample = installation.launch("bench-sample")
    virsh = Virsh(installation, sample)
    installation.purge("bench-sample")
    ours, theirs, phases = [], [], []
    for number in range(ROUNDS):
        for mine in (True, False) if number % 2 else (False, True):
            if mine:
                seconds, phase = _launch(installation, f"bench-{number}")
                ours.append(seconds)
                phases.append(phase)
            else:
                theirs.append(virsh.launch())
            time.sleep(0.5)
    yield Figure(
        what=f"launch, POST to running (median of {ROUNDS} rounds)",
        ours=milliseconds(statistics.median(ours)),
        beside=f"virsh, same XML: {milliseconds(statistics.median(theirs))}",
        value=median_ratio(ours, theirs),
        goal=Goal(bound=1.15),
    )
    for name in phases[0]:
        yield Figure(
            what=f"    of it: {name}", ours=milliseconds(statistics.median(phase[name] for phase in phases))
        )


def _launch(installation: Installation, name: str) -> tuple[float, dict[str, float]]:
    """Seconds from sending the form to the row's state, and how they were spent."""
    rows = sqlite3.connect(f"file:{installation.database}?mode=ro", uri=True, timeout=30)
    began, clock = time.perf_counter(), time.time()
    answer = installation.admin.launch(installation.stack, name)
    assert answer.status == 200, answer.text
    while rows.execute("select vm_state from compute_instance where name = ?", [name]).fetchone() != (
        "active",
    ):
        assert time.perf_counter() - began < 60, f"{name} does not run"
        time.sleep(POLL_SECONDS)
    took = time.perf_counter() - began
    rows.close()
    row = installation.stack.wait_for_state(name, "active")
    operation = installation.stack.rows(
        "select * from compute_operation where subject_id = ? and kind = 'instance.launch'", row["id"]
    )[0]
    installation.purge(name)
    return took, _phases(clock, clock + took, operation)


def _phases(sent: float, running: float, operation: dict[str, Any]) -> dict[str, float]:
    """Seconds in the web, in the queue, in each step (with the writing of its beginning), and at the end."""
    timeline = json.loads(operation["timeline"])
    made, last = _stamp(operation["created_at"]), _stamp(timeline[0]["began"])
    phases = {"checking the form": made - sent, "commit and queue": last - made}
    for step in timeline:
        ended = _stamp(step["ended"])
        phases[step["label"].lower()] = ended - last
        last = ended
    return phases | {"closing": running - last}


def _stamp(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return moment.timestamp() if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00").timestamp()
