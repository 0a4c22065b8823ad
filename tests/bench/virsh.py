"""What a launch costs without Meridian: one virsh that makes the disk, defines the guest and starts it."""

import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

from lxml import etree

from tests.bench.installation import Installation
from tests.stack import URI


class Virsh:
    """Makes the sample's guest again and again under other names."""

    def __init__(self, installation: Installation, sample: dict[str, Any]) -> None:
        self.folder = installation.stack.root
        self.xml = _virsh("dumpxml", "--inactive", f"instance-{sample['uuid']}")
        self.uuid = str(sample["uuid"])
        description = etree.fromstring(self.xml)
        disk = Path(_attribute(description, "disk/source", "file"))
        self.disk_folder = disk.parent
        config = Path(_attribute(description, "disk[@device='cdrom']/source", "file"))
        self.image = Path(_attribute(description, "disk/backingStore/source", "file"))
        self.files = {disk.name: "disk", config.name: "config"}
        self.config_drive = config.read_bytes()
        installation_id = installation.stack.rows("select id from accounts_installation")[0]["id"]
        self.pool = f"meridian-{installation_id[:8]}"
        self.disk_bytes = int(sample["disk_gib"]) * 2**30

    def launch(self) -> float:
        """Seconds that one virsh takes for all three commands; what it made is removed afterwards."""
        mine = self.prepare()
        began = time.perf_counter()
        self.start(mine)
        took = time.perf_counter() - began
        self.remove(mine)
        return took

    def prepare(self) -> uuid.UUID:
        """Write the description and the config drive of one more guest."""
        mine = uuid.uuid4()
        self._file(mine).write_text(self._described(mine))
        self._config_drive(mine).write_bytes(self.config_drive)
        return mine

    def start(self, mine: uuid.UUID) -> None:
        """Make the disk, define the guest and start it by one virsh."""
        _virsh(
            f"vol-create-as {self.pool} disk-{mine} {self.disk_bytes} --format qcow2"
            f" --backing-vol {self.image} --backing-vol-format qcow2;"
            f" define {self._file(mine)}; start instance-{mine}"
        )

    def remove(self, mine: uuid.UUID) -> None:
        _virsh(f"destroy instance-{mine}; undefine instance-{mine}; vol-delete disk-{mine} {self.pool}")
        self._config_drive(mine).unlink()
        self._file(mine).unlink()

    def _file(self, mine: uuid.UUID) -> Path:
        return self.folder / f"{mine}.xml"

    def _config_drive(self, mine: uuid.UUID) -> Path:
        return self.disk_folder / f"config-{mine}"

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
        for name, kind in self.files.items():
            text = text.replace(name, f"{kind}-{mine}")
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
