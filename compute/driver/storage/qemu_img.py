"""Runs `qemu-img`, which is told all layers of a disk."""

import json
import os
import re
import select
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import Unsupported, translate_output
from ..specs import BackingSpec
from ..specs.sources import BlockSource, DiskSource, FileSource, NetworkSource

_POLL_SECONDS = 1.0
_OUTPUT_BYTES = 4096
_PERCENT = re.compile(r"\(([\d.]+)/100%\)")


def node(source: DiskSource, driver: str, backing: BackingSpec | None = None) -> dict[str, Any]:
    """Describe a disk with the layers under it, so that QEMU need not believe what a file says of itself."""
    options: dict[str, Any] = {"driver": driver, "file": _protocol(source)}
    if driver == "qcow2":
        options["backing"] = (
            None if backing is None else node(backing.source, backing.format, backing.backing)
        )
    return options


def address(source: DiskSource, driver: str, backing: BackingSpec | None = None) -> str:
    """Return the same as `qemu-img` takes it in place of a file's name."""
    return f"json:{json.dumps(node(source, driver, backing))}"


def _protocol(source: DiskSource) -> dict[str, Any]:
    match source:
        case FileSource(path=path):
            return {"driver": "file", "filename": str(path)}
        case BlockSource(device=device):
            return {"driver": "host_device", "filename": str(device)}
        case NetworkSource():
            raise Unsupported(f"Copying {source.name} failed: {source.protocol} is not read here.")


def snapshots(image: str, attempt: str) -> set[str]:
    """Return the labels of the snapshots inside an image, which a guest may have open."""
    command = ["qemu-img", "info", "-U", "--output=json", image]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise translate_output(process.stderr.strip().removeprefix("qemu-img: "), attempt)
    return {str(snapshot["name"]) for snapshot in json.loads(process.stdout).get("snapshots", ())}


def run(command: list[str], attempt: str, progress: Callable[[float], object] = lambda _share: None) -> None:
    """Run `qemu-img` until it ends; it does not outlive us, and hears of a cancellation within a second."""
    output = ""
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "qemu-img", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            for chunk in _read_output(process):
                output = (output + chunk)[-_OUTPUT_BYTES:]
                percents = _PERCENT.findall(output)
                progress(float(percents[-1]) / 100 if percents else 0.0)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise translate_output(_PERCENT.sub("", output).strip().removeprefix("qemu-img: "), attempt)


def _read_output(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """What it says, as it comes; nothing once a second while it is silent."""
    if process.stdout is None:
        return
    while True:
        if not select.select([process.stdout], [], [], _POLL_SECONDS)[0]:
            yield ""
        elif chunk := os.read(process.stdout.fileno(), _OUTPUT_BYTES):
            yield chunk.decode(errors="replace")
        else:
            return
