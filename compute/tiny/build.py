"""Builds the tiny guest image and the probe pair."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from compute.tiny import disk, kernel, root_tree
from compute.tiny.tools import BuildError

__all__ = ["BuildError", "TinyImage", "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyImage:
    """What a build leaves: the disk image; and a kernel and initrd that print PROBE-OK and power off."""

    NAME: ClassVar = "tiny.qcow2"

    path: Path
    kernel: Path
    probe_initrd: Path
    size_bytes: int
    virtual_size_bytes: int
    sha256: str


def silent(message: str) -> None:
    """Report nothing."""


def build(destination: Path, work: Path | None = None, report: Callable[[str], None] = silent) -> TinyImage:
    """Build `tiny.qcow2`, `probe-kernel` and `probe-initrd` in `destination`; old files are replaced.

    `work` keeps the downloaded kernel from one build to the next; without it the kernel is fetched anew.
    `report` hears a sentence at each step. Raises BuildError, naming what is missing and how to install it.
    """
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="meridian-tiny-") as scratch_name:
        scratch = Path(scratch_name)
        cache = work or scratch / "kernel"
        cache.mkdir(parents=True, exist_ok=True)
        linux = kernel.obtain(cache.resolve(), report)

        report(f"Laying out the root file system with Linux {linux.release}")
        root = scratch / "root"
        root_tree.lay_out_root(root, linux)
        root_tree.lay_out_initramfs(scratch / "initramfs", linux)
        disk.pack_initramfs(scratch / "initramfs", root / "boot/initramfs")
        root_tree.lay_out_probe(scratch / "probe")
        disk.pack_initramfs(scratch / "probe", scratch / "probe-initrd")

        report("Writing the disk image")
        disk.make_raw_disk(root, scratch / "tiny.raw", scratch)
        report("Compressing the disk image")
        disk.compress(scratch / "tiny.raw", scratch / "tiny.qcow2")

        disk.publish(linux.image, destination / "probe-kernel")
        disk.publish(scratch / "probe-initrd", destination / "probe-initrd")
        # The image last: whoever finds it finds the pair too.
        disk.publish(scratch / "tiny.qcow2", destination / TinyImage.NAME)
    return describe(destination)


def describe(destination: Path) -> TinyImage:
    """What a build left there."""
    path = destination / TinyImage.NAME
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return TinyImage(
        path=path,
        kernel=destination / "probe-kernel",
        probe_initrd=destination / "probe-initrd",
        size_bytes=path.stat().st_size,
        virtual_size_bytes=disk.VIRTUAL_SIZE,
        sha256=sha256,
    )
