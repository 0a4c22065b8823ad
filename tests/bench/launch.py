"""Launch to running, beside the same disk, definition and start done by virsh."""

import json
import sqlite3
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.stack import URI

ROUNDS = 7
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
        goal=Goal(bound=1.3),
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
        "select * from compute_operation where instance_id = ? and kind = 'launch'", row["id"]
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


class Virsh:
    """Makes the sample's guest again and again under other names: what a launch costs without Meridian."""

    def __init__(self, installation: Installation, sample: dict[str, Any]) -> None:
        self.folder = installation.stack.root
        self.xml = _virsh("dumpxml", "--inactive", f"instance-{sample['uuid']}")
        self.uuid = str(sample["uuid"])
        description = etree.fromstring(self.xml)
        disk = Path(_attribute(description, "disk/source", "file"))
        self.disk_folder = disk.parent
        self.image = Path(_attribute(description, "disk/backingStore/source", "file"))
        self.config_drive = (self.disk_folder / f"config-{self.uuid}").read_bytes()
        self.pool = next(
            name
            for name in _virsh("pool-list", "--name").split()
            if str(self.disk_folder) in _virsh("pool-dumpxml", name)
        )
        self.disk_bytes = int(sample["disk_gib"]) * 2**30

    def launch(self) -> float:
        """Seconds that one virsh takes for all three commands; what it made is removed afterwards."""
        mine = uuid.uuid4()
        file = self.folder / f"{mine}.xml"
        file.write_text(self._described(mine))
        config_drive = self.disk_folder / f"config-{mine}"
        config_drive.write_bytes(self.config_drive)
        commands = (
            f"vol-create-as {self.pool} disk-{mine} {self.disk_bytes} --format qcow2"
            f" --backing-vol {self.image} --backing-vol-format qcow2;"
            f" define {file}; start instance-{mine}"
        )
        began = time.perf_counter()
        _virsh(commands)
        took = time.perf_counter() - began
        _virsh(f"destroy instance-{mine}; undefine instance-{mine}; vol-delete disk-{mine} {self.pool}")
        config_drive.unlink()
        file.unlink()
        return took

    def _described(self, mine: uuid.UUID) -> str:
        """The sample's XML with other identities; without the tag, so that nobody takes it for an instance."""
        description = etree.fromstring(self.xml)
        for tag in description.findall("metadata"):
            description.remove(tag)
        mac, tap = (
            _attribute(description, "interface/mac", "address"),
            _attribute(description, "interface/target", "dev"),
        )
        text = etree.tostring(description, encoding="unicode")
        return (
            text.replace(self.uuid, str(mine))
            .replace(self.uuid.replace("-", ""), mine.hex)
            .replace(mac, "52:54:00:" + ":".join(mine.hex[at : at + 2] for at in (0, 2, 4)))
            .replace(tap, f"bench{mine.hex[:8]}")
        )


def _attribute(description: etree._Element, path: str, name: str) -> str:
    found = description.find(f"devices/{path}")
    assert found is not None, f"the sample has no {path}"
    return str(found.get(name))


def _virsh(*arguments: str) -> str:
    return subprocess.run(
        ["virsh", "--quiet", "--connect", URI, *arguments], check=True, capture_output=True, text=True
    ).stdout
