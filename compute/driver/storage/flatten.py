"""Writes what a disk that is off holds, with the image under it, into one file that stands alone."""

import json
import os
import re
import select
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import DriverError, translate_said, translated
from ..specs import BackingSpec
from .files import make_whole, part_of
from .qcow2 import keeps_data_elsewhere

_LOOK_SECONDS = 1.0
_TOLD = 4096
_PERCENT = re.compile(r"\(([\d.]+)/100%\)")


def flatten(
    disk: Path, backing: BackingSpec | None, target: Path, size: int, progress: Callable[[int, int], None]
) -> None:
    """Write `target`, a qcow2 file; `progress(done, total)` counts of the `size` bytes that the disk has.

    What is under the disk is told, as for guests: asking the file would let it lie. Already there is success.
    Raises StorageFull, and GuestBusy where a guest has the disk open; whatever `progress` raises ends it.
    """
    what = f"Copying {disk.name}"
    with translated(what):
        if keeps_data_elsewhere(disk):
            raise DriverError(f"{what} failed: it says that its data is in another file, which no disk's is.")
        source = f"json:{json.dumps(_node(disk, 'qcow2', backing))}"
        command = ["qemu-img", "convert", "-p", "-O", "qcow2", source, str(part_of(target))]
        make_whole(target, lambda _file: _run(command, what, lambda share: progress(int(share * size), size)))


def _node(file: Path, form: str, under: BackingSpec | None = None) -> dict[str, Any]:
    node: dict[str, Any] = {"driver": form, "file": {"driver": "file", "filename": str(file)}}
    if form == "qcow2":
        node["backing"] = None if under is None else _node(under.path, under.format, under.backing)
    return node


def _run(command: list[str], what: str, progress: Callable[[float], None]) -> None:
    """Run the tool until it ends; it does not outlive us, and hears of a cancellation within a second."""
    said = ""
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            for heard in _listen(process):
                said = (said + heard)[-_TOLD:]
                percents = _PERCENT.findall(said)
                progress(float(percents[-1]) / 100 if percents else 0.0)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise translate_said(_PERCENT.sub("", said).strip().removeprefix("qemu-img: "), what)


def _listen(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """What it says, as it comes; nothing once a second while it is silent."""
    if process.stdout is None:
        return
    while True:
        if not select.select([process.stdout], [], [], _LOOK_SECONDS)[0]:
            yield ""
        elif heard := os.read(process.stdout.fileno(), _TOLD):
            yield heard.decode(errors="replace")
        else:
            return
