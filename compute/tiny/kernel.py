"""The guest's kernel: taken from an unpacked distribution package, never installed on this host."""

import lzma
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from compute.tiny import tools
from compute.tiny.tools import BuildError

# Names that always lead to the newest kernel: Debian's small one for clouds, then Ubuntu's.
NEWEST_KERNEL = ("linux-image-cloud-amd64", "linux-image-virtual")
RELOCATABLE_KERNEL = 0x234  # the field of that name in the boot protocol's setup header
KERNEL_FILES = re.compile(r"linux-(image|modules)-(unsigned-)?\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A kernel image, and the directory that holds `lib/modules/<release>`."""

    image: Path
    release: str
    root: Path

    def image_for_grub(self) -> bytes:
        """Return the kernel image, declared to be bound to its preferred address.

        GRUB stages a relocatable kernel and then copies it byte by byte, with all the room it asks for: 1.5 s
        under emulation. One that isn't relocatable is read straight into place. The kernel ignores the field.
        """
        image = bytearray(self.image.read_bytes())
        image[RELOCATABLE_KERNEL] = 0
        return bytes(image)

    def modules(self, names: Iterable[str]) -> list[Path]:
        """Return the files of these modules and all they need, in loading order; built-in ones have none."""
        ordered: dict[Path, None] = {}
        for name in names:
            plan = tools.run("modprobe", *self._plan_of(name))
            for line in plan.splitlines():
                verb, _, path = line.strip().partition(" ")
                if verb == "insmod":
                    ordered[Path(path.split(" ")[0])] = None
        return list(ordered)

    def available(self, names: Iterable[str]) -> list[str]:
        """Return those that the kernel has, built in or as modules."""
        return [name for name in names if tools.run_unchecked("modprobe", *self._plan_of(name))]

    def _plan_of(self, name: str) -> tuple[str | Path, ...]:
        return ("-d", self.root, "-S", self.release, "--show-depends", name)


def module_content(module: Path) -> bytes:
    """Return a module as the guest's insmod wants it: not compressed."""
    if module.suffix == ".xz":
        return lzma.decompress(module.read_bytes())
    if module.suffix == ".zst":
        plain = module.with_suffix("")
        tools.run("zstd", "--decompress", "--force", "--quiet", module, "-o", plain)
        return plain.read_bytes()
    return module.read_bytes()


def obtain(work: Path, report: Callable[[str], None]) -> Kernel:
    """Unpack the newest packaged kernel below `work`; what was unpacked before is used again.

    Without a package source the newest one already below `work` serves.
    """
    packages = _newest_packages()
    if not packages:
        unpacked = sorted(work.glob("linux-*/kernel.ready"), key=lambda ready: ready.stat().st_mtime)
        if not unpacked:
            raise BuildError(
                f"No package named {' or '.join(NEWEST_KERNEL)} is known here. Run: apt-get update"
            )
        return _read(unpacked[-1].parent)
    root = work / sorted(packages)[0]
    if not (root / "kernel.ready").exists():
        _unpack(packages, root, report)
    return _read(root)


def _newest_packages() -> list[str]:
    """Return the packages that hold the newest kernel and its modules; none when apt knows none."""
    for name in NEWEST_KERNEL:
        # A name apt doesn't know is no failure: it belongs to the other distribution.
        packages = tools.run("apt-cache", "--quiet=2", "search", "--names-only", f"^{name}$")
        if packages.strip():
            listed = tools.run("apt-cache", "depends", "--recurse", "--important", name)
            return sorted(
                {word for word in listed.split() if KERNEL_FILES.match(word) and "extra" not in word}
            )
    return []


def _unpack(packages: list[str], root: Path, report: Callable[[str], None]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    report(f"Downloading {', '.join(packages)}")
    tools.run("apt-get", "--quiet=2", "download", *packages, cwd=root)
    for archive in sorted(root.glob("*.deb")):
        tools.run("dpkg-deb", "--extract", archive, root)
        archive.unlink()
    kernel = _read(root)
    tools.run("depmod", "--basedir", root, kernel.release)
    (root / "kernel.ready").touch()


def _read(root: Path) -> Kernel:
    images = sorted((root / "boot").glob("vmlinuz-*"))
    if not images:
        raise BuildError(
            f"The kernel package unpacked in {root} holds no boot/vmlinuz. Remove the directory, build again."
        )
    modules = root / "lib" / "modules"
    if not modules.exists():
        # Newer packages keep modules below /usr, where modprobe -d doesn't look.
        modules.parent.mkdir(exist_ok=True)
        modules.symlink_to(root / "usr" / "lib" / "modules")
    return Kernel(image=images[-1], release=images[-1].name.removeprefix("vmlinuz-"), root=root)
