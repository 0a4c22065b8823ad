"""Lays out the guest's root file system: our own files, busybox, the SSH server, kernel modules."""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from compute.tiny import tools
from compute.tiny.kernel import Kernel, module_content
from compute.tiny.tools import BuildError

HERE = Path(__file__).parent
PROGRAMS = ("dropbear", "dropbearkey", "resize2fs")
EMPTY_DIRECTORIES = (
    "dev",
    "proc",
    "sys",
    "run",
    "tmp",
    "root",
    "home/meridian",
    "var/lib/meridian",
    "var/log",
)
EARLY_APPLETS = (
    "sh",
    "mount",
    "umount",
    "insmod",
    "cat",
    "dd",
    "blockdev",
    "touch",
    "usleep",
    "ls",
    "switch_root",
)

# Enough to reach the root file system.
DISK_MODULES = ("virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")
# Everything else a guest can meet.
DEVICE_MODULES = (
    *("virtio_net", "virtio_balloon", "virtio_console", "virtio_rng"),
    *("sr_mod", "isofs", "vfat"),
    *("button", "evdev"),
)
# Of these a distribution packs with its kernel what the kernel's vfat asks for.
CHARACTER_SETS = ("nls_cp437", "nls_ascii", "nls_iso8859-1")


def lay_out_root(tree: Path, kernel: Kernel) -> None:
    """Fill `tree` with the whole root file system."""
    shutil.copytree(HERE / "rootfs", tree, dirs_exist_ok=True)
    for directory in EMPTY_DIRECTORIES:
        (tree / directory).mkdir(parents=True, exist_ok=True)
    # The leases' name servers live in memory, like the leases.
    (tree / "etc/resolv.conf").symlink_to("/run/resolv.conf")
    add_busybox(tree, tools.run("busybox", "--list-full").split())
    for program in PROGRAMS:
        _add_program(tree, program)
    modules = (*DEVICE_MODULES, *kernel.available(CHARACTER_SETS))
    _add_modules(tree / "lib/modules/tiny", kernel, modules, already=kernel.modules(DISK_MODULES))
    (tree / "boot").mkdir()
    (tree / "boot/vmlinuz").write_bytes(kernel.image_for_grub())
    _open_to_all(tree)


def lay_out_initramfs(tree: Path, kernel: Kernel) -> None:
    """Fill `tree` with what runs before the root file system is there."""
    shutil.copytree(HERE / "initramfs", tree)
    for directory in ("dev", "proc", "sys", "run", "root"):
        (tree / directory).mkdir()
        add_busybox(tree, [f"bin/{applet}" for applet in EARLY_APPLETS])
    _add_modules(tree / "modules", kernel, DISK_MODULES, already=())


def lay_out_probe(tree: Path) -> None:
    """Fill `tree` with a guest that does nothing but say it runs."""
    shutil.copytree(HERE / "probe", tree)
    (tree / "dev").mkdir()
    add_busybox(tree, ["bin/sh", "bin/mount", "bin/poweroff"])


def add_busybox(tree: Path, applets: Iterable[str]) -> None:
    """Put the static busybox into `tree`, with a link for every applet path such as `bin/sh`."""
    busybox = tools.find("busybox")
    if _libraries(busybox):
        raise BuildError(
            f"{busybox} needs shared libraries. Install the static one: apt-get install busybox-static"
        )
    (tree / "bin").mkdir(exist_ok=True)
    shutil.copy(busybox, tree / "bin/busybox")
    for applet in applets:
        link = tree / applet
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to("/bin/busybox")


def _add_program(tree: Path, name: str) -> None:
    program = tools.find(name)
    target = tree / "usr/sbin" / name
    shutil.copy(program, target)
    for library in _libraries(program):
        copy = tree / library.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, copy)


def _libraries(program: Path) -> list[Path]:
    """Return the shared libraries a program loads, under the names it asks for; none for a static program."""
    done = tools.run_unchecked("ldd", program)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", done)]


def _add_modules(target: Path, kernel: Kernel, names: Sequence[str], already: Iterable[Path]) -> None:
    """Copy modules under names whose order is the order of loading."""
    target.mkdir(parents=True)
    present = set(already)
    missing = [module for module in kernel.modules(names) if module not in present]
    for number, module in enumerate(missing):
        name = module.name.split(".")[0]
        (target / f"{number:02}-{name}.ko").write_bytes(module_content(module))


def _open_to_all(tree: Path) -> None:
    """Make everything readable in the guest, however private the builder's own files are."""
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
