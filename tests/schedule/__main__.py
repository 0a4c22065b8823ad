"""`python -m tests.schedule --seed N --minutes M`: exits 1, naming what is wrong, unless all ends well."""

import argparse
import random
import shutil
import sys
import threading
from collections import Counter

from tests.schedule.faults import Faults
from tests.schedule.outcome import Outcome
from tests.schedule.people import Person, told
from tests.stack import BASE, Stack, running

PEOPLE = 3
QUOTAS = """
from accounts.models import Project
from compute.models import Flavor
Flavor.objects.create(id="wide", name="wide", vcpus=2, ram_mib=192, disk_gib=2)
Flavor.objects.create(id="roomy", name="roomy", vcpus=1, ram_mib=256, disk_gib=1)
"""
KEPT = BASE / "test-artifacts"


def say(what: str, line: str) -> None:
    sys.stdout.write(f"{what:9} {line}\n")
    sys.stdout.flush()


def main() -> int:
    arguments = _arguments()
    with running(halting=True, MERIDIAN_LEASE="5") as stack:
        stack.bootstrap()
        stack.manage("shell", "-c", QUOTAS)
        say("schedule", f"seed {arguments.seed}, {arguments.minutes:g} minutes, in {stack.root}")
        wrong = _run(stack, arguments.seed, arguments.minutes * 60)
        for line in wrong:
            say("wrong", line)
        if wrong:
            KEPT.mkdir(exist_ok=True)
            shutil.copyfile(stack.log, KEPT / f"schedule-{arguments.seed}.log")
            shutil.copyfile(stack.database, KEPT / f"schedule-{arguments.seed}.sqlite3")
    say("schedule", f"{len(wrong)} things are wrong" if wrong else "ended well")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.schedule", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what chance begins from")
    parser.add_argument("--minutes", type=float, default=15, help="how long work and faults go on")
    return parser.parse_args()


def _run(stack: Stack, seed: int, seconds: float) -> list[str]:
    """Let people work under faults; return what is wrong afterwards."""
    over = threading.Event()
    people = [Person(stack, random.Random(f"{seed} person {number}"), number) for number in range(PEOPLE)]
    faults = Faults(stack, random.Random(f"{seed} faults"))
    threads = [threading.Thread(target=each.work, args=(over,)) for each in (*people, faults)]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    for each in (*people, faults):
        say(each.title, each.summary())
    say("begun", told(sum((person.begun for person in people), Counter())))
    outcome = Outcome(stack, people[0])
    wrong = outcome.wrong()
    say("outcome", f"quiet after {outcome.quiet_seconds:.1f} s")
    return [line for each in (*people, faults) for line in each.wrong] + wrong


if __name__ == "__main__":
    sys.exit(main())
