"""Screenshots."""

from ..errors import Unsupported

_PNG = b"\x89PNG\r\n\x1a\n"


def check_png(screenshot: bytes) -> bytes:
    """Return the PNG. Raise Unsupported for another format, as QEMU before 7.1 returns."""
    if not screenshot.startswith(_PNG):
        raise Unsupported("The hypervisor gave a screenshot that is no PNG; upgrade QEMU to 7.1 or newer.")
    return screenshot
