"""Run `qemu-img`, with every backing image of a disk named."""

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

LIMITED_BYTES = 2 * 2**30
LIMITED_CPU_SECONDS = 30 * 60
"""Limits of the conversion of a file that a stranger made, as in Nova: a crafted one would take all there is."""

_POLL_SECONDS = 1.0
_OUTPUT_BYTES = 4096
_PERCENT = re.compile(r"\(([\d.]+)/100%\)")


def node(source: DiskSource, driver: str, backing: BackingSpec | None = None) -> dict[str, Any]:
    """Return QEMU's block device options of a disk and its backing images, so that no header is trusted."""
    options: dict[str, Any] = {"driver": driver, "file": _protocol(source)}
    if driver == "qcow2":
        options["backing"] = (
            None if backing is None else node(backing.source, backing.format, backing.backing)
        )
    return options


def address(source: DiskSource, driver: str, backing: BackingSpec | None = None) -> str:
    """Return the options as `qemu-img` takes them in place of a file name."""
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
    """Return the labels of an image's internal snapshots, even while a guest has it open. Raise DriverError."""
    return {str(snapshot["name"]) for snapshot in information(image, attempt).get("snapshots", ())}


def information(image: str, attempt: str) -> dict[str, Any]:
    """Return what QEMU says of an image, even while a guest has it open. Raise DriverError."""
    command = ["qemu-img", "info", "-U", "--output=json", image]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise translate_output(process.stderr.strip().removeprefix("qemu-img: "), attempt)
    described: dict[str, Any] = json.loads(process.stdout)
    return described


def run_limited(command: list[str], attempt: str, progress: Callable[[float], object]) -> None:
    """Run `qemu-img` on a file that a stranger made, as `run` does, with little memory and no time for endless work."""
    limits = ["prlimit", f"--as={LIMITED_BYTES}", f"--cpu={LIMITED_CPU_SECONDS}"]
    run(command, attempt, progress, limits)


def run(
    command: list[str],
    attempt: str,
    progress: Callable[[float], object] = lambda _share: None,
    limits: list[str] | None = None,
) -> None:
    """Run `qemu-img` to its end. Raise DriverError, or what `progress` raises to cancel, within a second.

    The process is killed if ours dies. `limits` is a command that runs it.
    """
    output = ""
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *(limits or []), "qemu-img", *command],
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
    """Yield the output as it comes, and an empty string each second without any."""
    if process.stdout is None:
        return
    while True:
        if not select.select([process.stdout], [], [], _POLL_SECONDS)[0]:
            yield ""
        elif chunk := os.read(process.stdout.fileno(), _OUTPUT_BYTES):
            yield chunk.decode(errors="replace")
        else:
            return
