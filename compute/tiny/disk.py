"""Turns a directory into a bootable qcow2 disk: one ext4 partition, GRUB in the gap before it."""

import os
import shutil
from pathlib import Path

from compute.tiny import tools
from compute.tiny.tools import BuildError

MEBIBYTE = 1024 * 1024
SECTOR = 512
PARTITION_START = 2048  # in sectors; GRUB lives before it
VIRTUAL_SIZE = 112 * MEBIBYTE
GRUB = Path("/usr/lib/grub/i386-pc")
GRUB_MODULES = ("biosdisk", "part_msdos", "ext2", "linux")

# The serial port comes last: what init prints goes there. The rest spares boot time under emulation.
KERNEL_ARGUMENTS = (
    "console=tty0 console=ttyS0,115200 panic=5 "
    "mitigations=off no_timer_check tsc=reliable nowatchdog cryptomgr.notests lsm="
)


def pack_initramfs(tree: Path, target: Path) -> None:
    """Write the files of `tree` as an initramfs, all owned by root."""
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    arguments = ("--quiet", "--create", "--format=newc", "--owner=0:0", f"--file={target}")
    tools.run("cpio", *arguments, cwd=tree, text=names + "\n")


def make_raw_disk(tree: Path, disk: Path, work: Path) -> None:
    """Write the tree into a raw disk image that the BIOS can boot."""
    with disk.open("wb") as file:
        file.truncate(VIRTUAL_SIZE)
    tools.run("sfdisk", "--quiet", disk, text=f"label: dos\nstart={PARTITION_START}, type=83, bootable\n")
    _make_file_system(tree, disk)
    _install_grub(disk, work)


def compress(disk: Path, target: Path) -> None:
    """Write the raw disk as a compressed qcow2 image."""
    # A guest reads a compressed cluster whole, GRUB in pieces of 32 KiB: so no cluster is unpacked twice.
    tools.run(
        "qemu-img",
        "convert",
        "-c",
        "-O",
        "qcow2",
        "-o",
        "cluster_size=32k,compression_type=zstd",
        disk,
        target,
    )


def _make_file_system(tree: Path, disk: Path) -> None:
    offset = PARTITION_START * SECTOR
    features = "^metadata_csum_seed,^orphan_file"  # GRUB 2.06 refuses file systems that have them
    options = f"offset={offset},root_owner=0:0,lazy_itable_init=1"
    size = f"{(VIRTUAL_SIZE - offset) // 1024}k"
    arguments = ("-q", "-F", "-t", "ext4", "-b", "4096", "-J", "size=4", "-O", features, "-E", options)
    tools.run("mke2fs", *arguments, "-L", "meridian", "-d", tree, disk, size)
    if os.geteuid() != 0:
        _give_to_root(tree, disk, offset)


def _give_to_root(tree: Path, disk: Path, offset: int) -> None:
    """Make root the owner of every file, when the builder isn't root."""
    commands = [
        f'set_inode_field "/{path.relative_to(tree)}" {field} 0'
        for path in tree.rglob("*")
        for field in ("uid", "gid")
    ]
    tools.run("debugfs", "-w", "-f", "-", f"{disk}?offset={offset}", text="\n".join(commands) + "\n")


def _install_grub(disk: Path, work: Path) -> None:
    """Put GRUB's two parts where grub-install would: the boot sector, and the sectors right after it."""
    if not (GRUB / "boot.img").exists():
        raise BuildError(f"{GRUB}/boot.img is missing. Install it with: apt-get install grub-pc-bin")
    commands = work / "grub.cfg"
    commands.write_text(f"linux /boot/vmlinuz {KERNEL_ARGUMENTS}\ninitrd /boot/initramfs\nboot\n")
    core = work / "core.img"
    # The commands are built in: no menu, no modules to look for, nothing to wait for.
    arguments = ("-O", "i386-pc", "-p", "(,msdos1)/boot/grub", "-c", commands, "-o", core)
    tools.run("grub-mkimage", *arguments, *GRUB_MODULES, "boot")
    content = core.read_bytes()
    if len(content) > (PARTITION_START - 1) * SECTOR:
        raise BuildError(f"GRUB is too big ({len(content)} bytes) for the gap before the first partition.")
    with disk.open("r+b") as file:
        # The partition table follows byte 440.
        file.write((GRUB / "boot.img").read_bytes()[:440])
        file.seek(SECTOR)
        file.write(content)


def publish(source: Path, target: Path) -> None:
    """Put a finished file in its place in one move, so that nobody ever reads half of it."""
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.replace(target)
