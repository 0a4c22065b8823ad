"""Runs `qemu-img`, which is told all layers of a disk."""

import json
import os
import re
import select
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import Unsupported, translate_said
from ..specs import BackingSpec
from ..specs.sources import BlockSource, DiskSource, FileSource, NetworkSource

_LOOK_SECONDS = 1.0
_TOLD = 4096
_PERCENT = re.compile(r"\(([\d.]+)/100%\)")


def node(source: DiskSource, form: str, under: BackingSpec | None = None) -> dict[str, Any]:
    """Describe a disk with the layers under it, so that QEMU need not believe what a file says of itself."""
    described: dict[str, Any] = {"driver": form, "file": _protocol(source)}
    if form == "qcow2":
        described["backing"] = None if under is None else node(under.source, under.format, under.backing)
    return described


def address(source: DiskSource, form: str, under: BackingSpec | None = None) -> str:
    """Return the same as `qemu-img` takes it in place of a file's name."""
    return f"json:{json.dumps(node(source, form, under))}"


def _protocol(source: DiskSource) -> dict[str, Any]:
    match source:
        case FileSource(path=path):
            return {"driver": "file", "filename": str(path)}
        case BlockSource(device=device):
            return {"driver": "host_device", "filename": str(device)}
        case NetworkSource():
            raise Unsupported(f"Copying {source.name} failed: {source.protocol} is not read here.")


def snapshots(image: str, what: str) -> set[str]:
    """Return the labels of the snapshots inside an image, which a guest may have open."""
    command = ["qemu-img", "info", "-U", "--output=json", image]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise translate_said(done.stderr.strip().removeprefix("qemu-img: "), what)
    return {str(snapshot["name"]) for snapshot in json.loads(done.stdout).get("snapshots", ())}


def run(command: list[str], what: str, progress: Callable[[float], object] = lambda _share: None) -> None:
    """Run `qemu-img` until it ends; it does not outlive us, and hears of a cancellation within a second."""
    said = ""
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "qemu-img", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
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
