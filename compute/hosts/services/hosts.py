"""The installation and its folders on a host."""

from functools import cache

from django.conf import settings

from accounts.models import Installation

SOCKETS = settings.STORAGE_DIR / "sockets"
CONSOLE_LOGS = settings.STORAGE_DIR / "consoles"
IMAGES = settings.STORAGE_DIR / "images"
DRAFTS = settings.STORAGE_DIR / "drafts"
"""Where hosts write files that go to a store."""

FIRMWARE = settings.STORAGE_DIR / "firmware"


@cache
def installation() -> Installation:
    """Return the installation's row, which never changes while a process lives."""
    return Installation.current()
