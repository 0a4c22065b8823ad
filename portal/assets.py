"""Serve only those files of the npm packages that pages use, so that collecting copies little."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage

PACKAGES = settings.BASE_DIR / "node_modules"
FILES: dict[str, str] = {
    "tabler/css/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "xterm/lib/xterm.mjs": "@xterm/xterm/lib/xterm.mjs",
    "xterm/css/xterm.css": "@xterm/xterm/css/xterm.css",
    "xterm-fit/lib/addon-fit.mjs": "@xterm/addon-fit/lib/addon-fit.mjs",
    "fonts/inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "fonts/inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "fonts/jetbrains-mono-latin.woff2": (
        "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2"
    ),
}
FILES |= {
    f"icons/{name}.svg": f"@tabler/icons/icons/outline/{name}.svg" for name in ("dots-vertical", "terminal-2")
}
FOLDERS: dict[str, str] = {"novnc/core": "@novnc/novnc/core", "novnc/vendor": "@novnc/novnc/vendor"}


class PackageFinder(BaseFinder):
    """Find static files under the names in FILES, and below the names in FOLDERS."""

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        paths = [str(PACKAGES / source) for name, source in _all() if name == path]
        return paths if find_all else next(iter(paths), [])

    def check(self, **_kwargs: Any) -> list[CheckMessage]:
        missing = [
            source for source in [*FILES.values(), *FOLDERS.values()] if not (PACKAGES / source).exists()
        ]
        if not missing:
            return []
        return [
            Error(
                f"Not installed: {', '.join(missing)}.",
                hint="Run `npm ci --ignore-scripts`.",
                id="portal.E001",
            )
        ]

    # Last, because below it `list` would mean this method.
    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for name, source in _all():
            yield name, _Renamed(name, PACKAGES / source)


class _Renamed(FileSystemStorage):
    """A storage of one file, read under another name."""

    def __init__(self, name: str, source: Path) -> None:
        super().__init__(location=source.parent)
        self.name, self.source = name, source

    def path(self, name: str) -> str:
        return str(self.source)


def _all() -> Iterator[tuple[str, str]]:
    yield from FILES.items()
    for name, source in FOLDERS.items():
        root = PACKAGES / source
        for file in sorted(root.rglob("*.js")):
            inside = file.relative_to(root)
            yield f"{name}/{inside}", f"{source}/{inside}"
