"""Images that reach for what is not theirs, or grow without end: their bytes, what they say they are, and why not."""

import bz2
import gzip
import lzma
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zstandard

Maker = Callable[[Path, Path], bytes]
"""Makes the bytes in a folder; the second path is that of a file which no answer may show."""

CANARY = "canary-of-the-host-7c1f"


@dataclass(frozen=True, slots=True)
class Hostile:
    """An image, its declared formats, and the expression that finds the reason for which it is refused."""

    make: Maker
    disk: str
    reason: str
    container: str = "bare"


def qemu(form: str, *options: str) -> Maker:
    def make(folder: Path, canary: Path) -> bytes:
        image = folder / "image"
        wanted = [option.format(canary=canary, folder=folder) for option in options]
        command = ["qemu-img", "create", "-q", "-u", "-f", form, *wanted, str(image), "1M"]
        subprocess.run(command, check=True, capture_output=True)
        return image.read_bytes()

    return make


def patched(maker: Maker, *changes: tuple[int, bytes]) -> Maker:
    def make(folder: Path, canary: Path) -> bytes:
        data = bytearray(maker(folder, canary))
        for offset, value in changes:
            data[offset : offset + len(value)] = value
        return bytes(data)

    return make


def cut(maker: Maker, length: int) -> Maker:
    return lambda folder, canary: maker(folder, canary)[:length]


def descriptor(kind: str, extent: str) -> Maker:
    def make(folder: Path, canary: Path) -> bytes:
        lines = [
            "# Disk DescriptorFile",
            "version=1",
            "CID=7d3a1b2c",
            "parentCID=ffffffff",
            f'createType="{kind}"',
            extent.format(canary=canary),
            'ddb.adapterType = "ide"',
        ]
        return ("\n".join(lines) + "\n").encode()

    return make


def embedded(folder: Path, canary: Path) -> bytes:
    """A sparse VMDK whose descriptor inside names another file as its data."""
    data = bytearray(qemu("vmdk", "-o", "subformat=monolithicSparse")(folder, canary))
    start = data.index(b"# Disk DescriptorFile")
    text = descriptor("monolithicSparse", 'RW 2048 SPARSE "{canary}"')(folder, canary)
    data[start : start + 2048] = text.ljust(2048, b"\0")
    return bytes(data)


def xz_bomb(_folder: Path, _canary: Path) -> bytes:
    """Of several streams that follow each other, so that making it takes a moment only."""
    return lzma.compress(bytes(2**27), preset=0) * 12


def zstd_bomb(_folder: Path, _canary: Path) -> bytes:
    return zstandard.compress(bytes(2**27)) * 12


def bzip2_bomb(_folder: Path, _canary: Path) -> bytes:
    return bz2.compress(bytes(2**25)) * 36


def packed(maker: Maker) -> Maker:
    return lambda folder, canary: gzip.compress(maker(folder, canary))


UNSAFE, LIE, TALL, PACKED = (
    "is not safe to use",
    "is declared as",
    "says that it is a disk of|is not safe",
    "cannot be unpacked",
)
BACKED = qemu("qcow2", "-b", "{canary}", "-F", "raw")
JSON = qemu("qcow2", "-b", 'json:{{"driver":"file","filename":"{canary}"}}', "-F", "raw")
SPLIT = qemu("qcow2", "-o", "data_file={canary},data_file_raw=on")
FLAT = descriptor("monolithicFlat", 'RW 2048 FLAT "{canary}" 0')
LINKED = descriptor("monolithicSparse", 'RW 2048 SPARSE "http://127.0.0.1/{canary}"')

HOSTILE = {
    "qcow2 over a file": Hostile(BACKED, "qcow2", UNSAFE),
    "qcow2 over json": Hostile(JSON, "qcow2", UNSAFE),
    "qcow2 over a URL": Hostile(qemu("qcow2", "-b", "http://127.0.0.1:1/x", "-F", "raw"), "qcow2", UNSAFE),
    "qcow2 with its data elsewhere": Hostile(SPLIT, "qcow2", UNSAFE),
    "qcow2 over a file, as raw": Hostile(BACKED, "raw", UNSAFE),
    "qcow2 with its data elsewhere, as raw": Hostile(SPLIT, "raw", UNSAFE),
    "qcow2 over a file, as a kernel": Hostile(BACKED, "aki", UNSAFE, "aki"),
    "qcow2 over a file, as vmdk": Hostile(BACKED, "vmdk", UNSAFE),
    "qcow2 over a file, as iso": Hostile(BACKED, "iso", UNSAFE),
    "qcow2, as raw": Hostile(qemu("qcow2"), "raw", LIE),
    "qed over a file": Hostile(qemu("qed", "-b", "{canary}", "-F", "raw"), "raw", f"{UNSAFE}|{LIE}"),
    "vmdk of a flat file": Hostile(FLAT, "vmdk", f"{UNSAFE}|{LIE}"),
    "vmdk of a URL": Hostile(LINKED, "vmdk", f"{UNSAFE}|{LIE}"),
    "vmdk whose inner description names a file": Hostile(embedded, "vmdk", UNSAFE),
    "vmdk of a flat file, as raw": Hostile(FLAT, "raw", f"{UNSAFE}|{LIE}"),
    "qcow2 of 8 EiB": Hostile(patched(qemu("qcow2"), (24, struct.pack(">Q", 2**63 - 512))), "qcow2", TALL),
    "vdi of 8 EiB": Hostile(patched(qemu("vdi"), (368, struct.pack("<Q", 2**63 - 512))), "vdi", TALL),
    "vmdk of 8 EiB": Hostile(patched(qemu("vmdk"), (12, struct.pack("<Q", 2**54))), "vmdk", TALL),
    "qcow2 of a header's half": Hostile(cut(qemu("qcow2"), 40), "qcow2", f"{LIE}|{UNSAFE}"),
    "qcow2 of four bytes": Hostile(cut(qemu("qcow2"), 4), "qcow2", f"{LIE}|{UNSAFE}"),
    "vmdk of a header's half": Hostile(cut(qemu("vmdk"), 100), "vmdk", f"{LIE}|{UNSAFE}"),
    "vhd without its end": Hostile(cut(qemu("vpc"), 300), "vhd", f"{LIE}|{UNSAFE}"),
    "vhdx of a header's half": Hostile(cut(qemu("vhdx"), 8), "vhdx", f"{LIE}|{UNSAFE}"),
    "vdi of a header's half": Hostile(cut(qemu("vdi"), 60), "vdi", f"{LIE}|{UNSAFE}"),
    "next to nothing": Hostile(lambda _folder, _canary: b"\n", "qcow2", LIE),
    "xz bomb": Hostile(xz_bomb, "raw", PACKED, "compressed"),
    "zstd bomb": Hostile(zstd_bomb, "raw", PACKED, "compressed"),
    "bzip2 bomb": Hostile(bzip2_bomb, "raw", PACKED, "compressed"),
    "packed qcow2 over a file": Hostile(packed(BACKED), "qcow2", UNSAFE, "compressed"),
    "packed qcow2 over a file, as raw": Hostile(packed(BACKED), "raw", UNSAFE, "compressed"),
    "packed packed": Hostile(packed(packed(qemu("qcow2"))), "qcow2", LIE, "compressed"),
    "cut gzip": Hostile(cut(packed(qemu("qcow2")), 200), "qcow2", PACKED, "compressed"),
    "not packed": Hostile(qemu("qcow2"), "qcow2", PACKED, "compressed"),
}
