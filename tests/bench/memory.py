"""Memory of all processes together: proportional set sizes, so that what they share counts once."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure, Goal
from tests.bench.installation import Installation, pids_under

SETTLE_SECONDS = 3


def measure(installation: Installation) -> Iterator[Figure]:
    """Idle, after at least one launch and one page."""
    _ = installation.guest
    installation.admin.get("/instances/")
    time.sleep(SETTLE_SECONDS)
    by_name, processes = by_program(installation)
    total = by_name.total() / 2**20
    yield Figure(
        what=f"memory of all {processes.total()} processes, idle (PSS)",
        ours=f"{total:.0f} MiB",
        value=total,
        goal=Goal(bound=400, unit="MiB"),
    )
    for name, size in by_name.most_common():
        count = f" ({processes[name]})" if processes[name] > 1 else ""
        yield Figure(what=f"    of it: {name}{count}", ours=f"{size / 2**20:.0f} MiB")


def by_program(installation: Installation) -> tuple[Counter[str], Counter[str]]:
    """Bytes, and number of processes, of each supervised program."""
    assert installation.stack.process is not None
    sizes: Counter[str] = Counter()
    processes: Counter[str] = Counter()
    for pid in pids_under(installation.stack.process.pid):
        name = _program(pid)
        sizes[name] += _pss(pid)
        processes[name] += 1
    return sizes, processes


def _pss(pid: int) -> int:
    """Bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} says nothing of its memory")


def _program(pid: int) -> str:
    """The supervised program that the process belongs to."""
    title = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()
    ours = title.removeprefix("meridian: ")
    return ours if ours != title else Path(f"/proc/{pid}/comm").read_text().strip()
