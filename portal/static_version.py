"""The version of all static files, so that browsers may keep each file for ever."""

import hashlib
from pathlib import Path

FORM = r"[0-9a-f]{10}"


def compute_version(base: Path) -> str:
    """Return ten hex digits that change with any static file.

    They cover our own files in `static/`, the browser packages' lock, what is made of them, and what names classes.
    """
    digest = hashlib.sha256()
    paths = [
        base / "package-lock.json",
        *(base / "portal").rglob("*.py"),
        *(base / "templates").rglob("*.html"),
    ]
    for path in sorted([*paths, *(base / "static").rglob("*")]):
        if path.is_file():
            digest.update(f"{path.relative_to(base)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:10]
