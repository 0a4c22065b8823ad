"""What a run of the tests costs: CPU seconds a folder, a line and a file, those of processes and guests included.

pytest loads this as a plugin. Processes that a test starts count once they have ended and were waited for. Guests are
libvirt's children, so a thread looks at them while they run.
"""

import resource
import time
from collections import defaultdict
from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from tests.environment import ROOT
from tests.guests import Guests, guest_roots
from tests.lines import line_of

DEAREST = 20
"""Files whose cost is told, dearest first."""


@dataclass(slots=True)
class Cost:
    """Seconds."""

    tests: int = 0
    wall: float = 0
    own: float = 0
    processes: float = 0
    guests: float = 0

    @property
    def cpu(self) -> float:
        return self.own + self.processes + self.guests

    def add(self, other: "Cost") -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


class Costs:
    """Of one process of a run; the first process gathers the others'."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.folders: dict[str, Cost] = defaultdict(Cost)
        self.lines: dict[str, Cost] = defaultdict(Cost)
        self.files: dict[str, Cost] = defaultdict(Cost)
        self.guests = Guests()
        self._before = Cost()
        self._last = ("", "", "")

    def pytest_sessionstart(self) -> None:
        self.guests.start()
        self._before = self._now()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._before = self._now()  # what it waited for its turn is nobody's
        answer = yield
        file = item.nodeid.partition("::")[0]
        self._last = (file.split("/")[1], line_of(item.nodeid) or "others", file)
        self._note(1)
        return answer

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self.guests.stop()
        if self._last[0]:
            self._note(0)
        if (output := getattr(self.config, "workeroutput", None)) is not None:
            output["costs"] = [
                {name: asdict(cost) for name, cost in each.items()}
                for each in (self.folders, self.lines, self.files)
            ]

    def pytest_testnodedown(self, node: Any) -> None:
        for mine, theirs in zip(
            (self.folders, self.lines, self.files),
            getattr(node, "workeroutput", {}).get("costs", ()),
            strict=False,
        ):
            for name, cost in theirs.items():
                mine[name].add(Cost(**cost))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.folders:
            return
        terminalreporter.section("CPU seconds a folder, a line, and of the dearest files")
        head = f"{'':14}{'tests':>7}{'seconds':>9}{'CPU: tests':>12}{'processes':>11}{'guests':>8}"
        terminalreporter.write_line(head)
        for rows in (self.folders, self.lines):
            for name, cost in sorted(rows.items(), key=lambda row: -row[1].wall):
                terminalreporter.write_line(_row(name, cost))
            terminalreporter.write_line("")
        for name, cost in sorted(self.files.items(), key=lambda row: -row[1].cpu)[:DEAREST]:
            terminalreporter.write_line(_row(name, cost, wide=50))
        terminalreporter.write_line("")
        total = Cost()
        for cost in self.folders.values():
            total.add(cost)
        terminalreporter.write_line(_row("all", total))

    def _note(self, tests: int) -> None:
        now = self._now()
        spent = Cost(
            tests,
            now.wall - self._before.wall,
            now.own - self._before.own,
            now.processes - self._before.processes,
            now.guests - self._before.guests,
        )
        self.folders[self._last[0]].add(spent)
        self.lines[self._last[1]].add(spent)
        self.files[self._last[2]].add(spent)
        self._before = now

    def _now(self) -> Cost:
        own, processes = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return Cost(
            wall=time.monotonic(),
            own=own.ru_utime + own.ru_stime,
            processes=processes.ru_utime + processes.ru_stime,
            guests=self.guests.seconds,
        )


def _row(name: str, cost: Cost, wide: int = 14) -> str:
    return f"{name:{wide}}{cost.tests:>7}{cost.wall:>9.1f}{cost.own:>12.1f}{cost.processes:>11.1f}{cost.guests:>8.1f}"


def pytest_configure(config: pytest.Config) -> None:
    guest_roots.add(str(ROOT))
    config.pluginmanager.register(Costs(config), "costs-of-this-run")
