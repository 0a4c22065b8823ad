"""Backups of a disk that no guest has open, by QEMU's own storage daemon, which can copy what changed."""

import json
import select
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import CheckpointLost, DriverError, translate_output, translated
from ..files import Progress, create_atomic, part_path
from ..specs import BackingSpec
from ..specs.sources import DiskSource
from . import qemu_img

_COMMAND = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("qemu-storage-daemon", "--chardev", "stdio,id=qmp", "--monitor", "chardev=qmp"),
)
_POLL_SECONDS = 1.0
_ENDS_IN_SECONDS = 60


def copy(
    disk: DiskSource,
    backing: BackingSpec | None,
    target: Path,
    size: int,
    progress: Progress,
    *,
    checkpoint: str,
    since: str | None,
) -> None:
    """Copy the disk to a qcow2 file, or only what changed `since` that checkpoint, and begin a checkpoint.

    An existing file is success; `progress(done, total)` counts bytes. Raise CheckpointLost if the disk has no usable
    checkpoint of that name, GuestBusy if a guest has it open, StorageFull, and what `progress` raises to cancel.
    """
    attempt = "Backing up the disk"
    if since is not None and since not in checkpoints(disk):
        raise CheckpointLost(f"{attempt} failed: it has no usable checkpoint {since}.")
    forget(disk, checkpoint)
    part = part_path(target)
    backup: dict[str, Any] = {"job-id": "backup", "device": "disk", "target": "target", "sync": "full"}
    backup["auto-dismiss"] = False
    if since is not None:
        backup |= {"sync": "bitmap", "bitmap": since, "bitmap-mode": "never"}
    recorded = {"node": "disk", "name": checkpoint, "persistent": True}
    actions = [
        {"type": "block-dirty-bitmap-add", "data": recorded},
        {"type": "blockdev-backup", "data": backup},
    ]
    nodes = (
        qemu_img.node(disk, "qcow2", backing) | {"node-name": "disk"},
        {"driver": "qcow2", "node-name": "target", "file": {"driver": "file", "filename": str(part)}},
    )

    def fill(_file: object) -> None:
        qemu_img.run(["create", "-q", "-f", "qcow2", str(part), str(size)], attempt)
        with _StorageDaemon(nodes, attempt) as daemon:
            daemon.execute("transaction", actions=actions)
            daemon.wait_for_job("backup", progress)

    with translated(attempt):
        create_atomic(target, fill)


def forget(disk: DiskSource, checkpoint: str) -> None:
    """Remove a checkpoint from the disk. Removed is success. Raise GuestBusy if a guest has it open."""
    if checkpoint in checkpoints(disk, usable=False):
        address = qemu_img.address(disk, "qcow2")
        qemu_img.run(["bitmap", "--remove", address, checkpoint], "Removing a checkpoint of the disk")


def checkpoints(disk: DiskSource, *, usable: bool = True) -> set[str]:
    """Return the names of the checkpoints in a disk that no guest has open; those that a crash spoilt if not `usable`.

    What lies below the disk is not opened, nor do these commands of `qemu-img` take options of it.
    """
    information = qemu_img.information(qemu_img.address(disk, "qcow2"), "Reading the disk")
    bitmaps = information.get("format-specific", {}).get("data", {}).get("bitmaps", ())
    return {str(bitmap["name"]) for bitmap in bitmaps if not usable or "in-use" not in bitmap["flags"]}


class _StorageDaemon:
    """A `qemu-storage-daemon` with these block devices, for the time of a `with`. It is killed if our process dies."""

    def __init__(self, nodes: tuple[dict[str, Any], ...], attempt: str) -> None:
        self._attempt = attempt
        self._buffer = b""
        devices = [argument for node in nodes for argument in ("--blockdev", json.dumps(node))]
        self._process = subprocess.Popen(
            [*_COMMAND, *devices],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        self.execute("qmp_capabilities")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it close the devices, which writes the checkpoints into them; kill it after an error."""
        try:
            if kind is None:
                self.execute("quit")
                if self._process.wait(_ENDS_IN_SECONDS) != 0:
                    raise self._failed()
        finally:
            self._process.kill()
            self._process.communicate()

    def execute(self, command: str, **arguments: Any) -> Any:
        """Return the answer to a command. Raise DriverError."""
        line = json.dumps({"execute": command, "arguments": arguments}) + "\n"
        try:
            self._input().write(line.encode())
            self._input().flush()
        except BrokenPipeError as error:
            raise self._failed() from error
        while True:
            message = self._read(None)
            if message is None:
                raise self._failed()
            if "error" in message:
                raise translate_output(str(message["error"].get("desc", "")), self._attempt)
            if "return" in message:
                return message["return"]

    def wait_for_job(self, job_id: str, progress: Progress) -> None:
        """Wait for a job's end. `progress(done, total)` counts bytes. Raise DriverError, and what `progress` raises."""
        while True:
            job = next(job for job in self.execute("query-jobs") if job["id"] == job_id)
            progress(job["current-progress"], max(job["total-progress"], 1))
            if job["status"] == "concluded":
                break
            self._read(_POLL_SECONDS)  # an event: the job has moved on
        if "error" in job:
            raise translate_output(str(job["error"]), self._attempt)
        self.execute("job-dismiss", id=job_id)

    def _read(self, seconds: float | None) -> dict[str, Any] | None:
        """Return the next message; None at the end, or if there was none in so many seconds."""
        output = self._process.stdout
        if output is None:
            return None
        while b"\n" not in self._buffer:
            if not select.select([output], [], [], seconds)[0]:
                return None
            if not (chunk := output.read1(65536)):  # type: ignore[attr-defined]
                return None
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def _input(self) -> Any:
        return self._process.stdin

    def _failed(self) -> DriverError:
        self._process.kill()
        _output, errors = self._process.communicate()
        text = errors.decode(errors="replace").strip().removeprefix("qemu-storage-daemon: ")
        return translate_output(text, self._attempt)
