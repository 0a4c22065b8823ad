"""What our guests' processes use of the CPU. They are libvirt's children, so one can only look while they run."""

import os
import threading
from pathlib import Path

LOOK_SECONDS = 0.5
TICK = os.sysconf("SC_CLK_TCK")

guest_roots: set[str] = set()
"""Folders of this process; a QEMU that names one of them is ours."""


class Guests(threading.Thread):
    """Sums up the CPU seconds of our QEMUs while they run; what one uses after the last look is lost."""

    def __init__(self) -> None:
        super().__init__(name="guests", daemon=True)
        self.seconds = 0.0
        self._ours: dict[str, float] = {}
        self._others: set[str] = set()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        there = {name for name in os.listdir("/proc") if name.isdigit()}
        self._others &= there
        for pid in there - self._others:
            try:
                self._look_at(Path("/proc", pid), pid)
            except OSError:
                continue  # it has ended
        for pid in self._ours.keys() - there:
            del self._ours[pid]

    def _look_at(self, process: Path, pid: str) -> None:
        if pid not in self._ours:
            command = (process / "cmdline").read_text(errors="replace")
            if not command.startswith(("qemu-system", "/usr/bin/qemu-system")):
                if not command.startswith("/usr/sbin/libvirtd"):  # it may yet become one
                    self._others.add(pid)
                return
            if not any(f"{root}/" in command for root in tuple(guest_roots)):
                self._others.add(pid)
                return
            self._ours[pid] = 0
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / TICK
        self.seconds += used - self._ours[pid]
        self._ours[pid] = used

    def stop(self) -> None:
        self._over.set()
        self.join()
        self.look()
