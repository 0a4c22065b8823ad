"""An ISO that installs a system of one sector onto the first disk, and says on the serial port what it does."""

import io
import struct
from pathlib import Path

import pycdlib

SECTOR = 512
ORIGIN = 0x7C00
INSTALLED = b"installed from the ISO\r\n"
BOOTED = b"booted from the disk\r\n"
FAILED = b"the disk cannot be written\r\n"


def _print(at: int, address: int) -> bytes:
    """Code at `at` that writes the text at `address`, which ends in a zero, to the first serial port."""
    return (
        b"\xbe"
        + struct.pack("<H", address)  # mov si, address
        + b"\xac"  # lodsb
        + b"\x84\xc0"  # test al, al
        + b"\x74\x06"  # jz past the loop
        + b"\xba\xf8\x03"  # mov dx, 3f8h
        + b"\xee"  # out dx, al
        + b"\xeb\xf5"  # jmp lodsb
    )


_START = (
    b"\xfa\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0"  # cli; ds, es, ss = 0
    b"\xbc\x00\x7c\xfc\xfb"  # mov sp, 7c00h; cld; sti
)
_HALT = b"\xf4\xeb\xfd"  # hlt; jmp hlt
_WRITE = (
    b"\xb8\x01\x03"  # mov ax, 0301h: write one sector
    b"\xbb" + struct.pack("<H", ORIGIN + SECTOR) + b"\xb9\x01\x00"  # from the sector behind; mov cx, 1
    b"\xba\x80\x00"  # mov dx, 80h: the first disk
    b"\xcd\x13"  # int 13h
)
_PRINT = len(_print(0, 0))


def _disk_sector() -> bytes:
    """The system that is installed: it says that it runs, and halts."""
    text = len(_START) + _PRINT + len(_HALT)
    code = _START + _print(len(_START), ORIGIN + text) + _HALT + BOOTED + b"\0"
    return code.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"


def _boot_image() -> bytes:
    """The installer: it writes the sector behind its own onto the disk."""
    after = _PRINT + len(_HALT)
    texts = len(_START) + len(_WRITE) + 2 + 2 * after
    ok, bad = ORIGIN + texts, ORIGIN + texts + len(INSTALLED) + 1
    code = _START + _WRITE + b"\x72" + bytes([after])  # jc to what says that it failed
    code += _print(len(code), ok) + _HALT + _print(0, bad) + _HALT
    code += INSTALLED + b"\0" + FAILED + b"\0"
    return (code.ljust(SECTOR, b"\0") + _disk_sector()).ljust(4 * SECTOR, b"\0")


def write(path: Path) -> Path:
    """Write the ISO and return its path."""
    iso, boot = pycdlib.PyCdlib(), _boot_image()
    iso.new(interchange_level=3, vol_ident="INSTALLER")
    iso.add_fp(io.BytesIO(boot), len(boot), "/BOOT.;1")
    iso.add_eltorito("/BOOT.;1", bootcatfile="/BOOT.CAT;1", boot_load_size=4)
    iso.write(str(path))
    iso.close()
    return path
