"""`python -m tests.bench [NAME…] [--gate]`: measure, and print one table.

Exits 1 when something could not be measured, and with --gate also when a goal is missed by half or more.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import libvirt
import playwright.sync_api

from tests.bench import (
    api_lists,
    burst,
    compute,
    console,
    figures,
    identity,
    images,
    launch,
    listing,
    memory,
    overload,
    push,
    restart,
    scale,
    slow_line,
    storage,
    volumes,
)
from tests.bench.figures import Figure
from tests.bench.installation import Installation
from tests.stack import running

MEASUREMENTS: dict[str, Callable[[Installation], Iterator[Figure]]] = {
    "launch": launch.measure,
    "burst": burst.measure,
    "memory": memory.measure,
    "compute": compute.measure,
    "api_lists": api_lists.measure,
    "push": push.measure,
    "listing": listing.measure,
    "overload": overload.measure,
    "slow_line": slow_line.measure,
    "scale": scale.measure,
    "console": console.measure,
    "images": images.measure,
    "volumes": volumes.measure,
    "storage": storage.measure,
    "restart": restart.measure,
    "identity": identity.measure,
}
UNMEASURABLE = (
    AssertionError,
    OSError,
    subprocess.SubprocessError,
    sqlite3.Error,
    libvirt.libvirtError,
    playwright.sync_api.Error,
)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Every figure as soon as it is known."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--gate", action="store_true", help=f"fail beyond {figures.SLACK} × a goal")
    options = parser.parse_args()
    if unknown := set(options.names) - set(MEASUREMENTS):
        parser.error(f"there is no measurement called {', '.join(sorted(unknown))}")
    began = time.monotonic()
    say(
        f"load before: {' '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} processors\n"
    )
    failures, known = [], []
    with running() as stack:
        installation = Installation(stack)
        say(figures.heading())
        for name, measure in MEASUREMENTS.items():
            if options.names and name not in options.names:
                continue
            try:
                for figure in measure(installation):
                    known.append(figure)
                    say(figures.row(figure))
            except UNMEASURABLE as error:
                failures.append(name)
                say(f"{name} could not be measured: {error}")
    goals = [figure for figure in known if figure.goal]
    met = sum(figure.is_met is True for figure in goals)
    say(f"\n{met} of {len(goals)} goals met, in {time.monotonic() - began:.0f} s")
    far_off = [figure.what for figure in goals if figure.is_far_off]
    return 1 if failures or (options.gate and far_off) else 0


if __name__ == "__main__":
    sys.exit(main())
