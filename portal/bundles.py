"""Bundles: each script and style of a page with all that it imports, in one file, so that a slow line has few requests.

The source stays plain modules, which browsers could load as they are but for the packages that `menus.js`, `htmx.js` and
`morph.js` import.
"""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from lightningcss import process_stylesheet

from portal import assets, preloads

ENTRIES = (
    "css/meridian.css",
    "js/console.js",
    "js/console/log.js",
    "js/meridian.js",
    "js/remote-console.js",
    "js/serial.js",
)
"""What templates name. Modules that several of these import are shared, so that each runs once."""

STRIPPED = "css/meridian.css"
"""The style whose rules stay only where one of their classes may be used: Tabler's are six times as many."""

BY_SCRIPTS = frozenset({"show", "showing", "hiding", "fade", "offcanvas-backdrop"})
"""Classes that Tabler's scripts set."""

COMPRESSED = {".css", ".js", ".mjs", ".svg"}
LEAST_BYTES = 1024


def make(folder: Path) -> None:
    """Replace the entries in a folder of collected files by their bundles. Raise ImproperlyConfigured."""
    options = (
        "--bundle",
        "--splitting",
        "--format=esm",
        "--minify",
        "--target=esnext",
        "--log-level=warning",
    )
    output = ("--outdir=.", "--outbase=.", "--allow-overwrite", "--chunk-names=js/chunk-[hash]")
    fonts = ("--loader:.woff2=file", "--asset-names=fonts/[name]-[hash]")
    summary = ("--metafile=metafile.json",)
    subprocess.run(
        [esbuild(), *ENTRIES, *options, *output, *fonts, *summary],
        cwd=folder,
        env=os.environ | {"NODE_PATH": str(assets.PACKAGES)},
        check=True,
    )
    metafile = folder / summary[0].partition("=")[2]
    (folder / preloads.IMPORTS).write_text(json.dumps(_imports(json.loads(metafile.read_text())["outputs"])))
    metafile.unlink()
    style = folder / STRIPPED
    style.write_text(strip(style.read_text(), named_words()))


def strip(style: str, words: AbstractSet[str]) -> str:
    """Return the style without the rules of classes, and without the variables, that none of these words names."""
    unused = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", style)) - words
    while True:
        style = process_stylesheet(style, unused_symbols=unused, minify=True)
        read = set(re.findall(r"var\((--[\w-]+)", style)) | words
        idle = set(re.findall(r"(--[\w-]+):", style)) - read
        if not idle:
            return style
        unused |= idle  # those that only they read are idle next


def named_words() -> set[str]:
    """Return every word of templates, scripts, our own styles and the code of pages: each may name a class."""
    folders = (("templates", "*.html"), ("static", "*.js"), ("static", "*.css"), ("portal", "*.py"))
    words = set(BY_SCRIPTS)
    for name, pattern in folders:
        for file in (settings.BASE_DIR / name).rglob(pattern):
            words |= set(re.findall(r"[\w-]+", file.read_text()))
    return words


def _imports(outputs: dict[str, Any]) -> dict[str, list[str]]:
    """Return, for each script, the scripts that it imports, and that these import."""

    def all_of(name: str) -> dict[str, None]:
        direct = [each["path"] for each in outputs[name]["imports"] if each["kind"] == "import-statement"]
        return dict.fromkeys(further for each in direct for further in (each, *all_of(each)))

    return {name: list(all_of(name)) for name in outputs if name.endswith(".js")}


def compress(folder: Path) -> None:
    """Lay a compressed copy beside each file that is worth it, which nginx sends in its place."""
    for file in folder.rglob("*"):
        if file.suffix in COMPRESSED and file.stat().st_size >= LEAST_BYTES:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))


def esbuild() -> Path:
    """Return the bundler's program, which npm has installed for this machine. Raise ImproperlyConfigured."""
    programs = sorted(settings.BASE_DIR.glob("node_modules/@esbuild/linux-*/bin/esbuild"))
    if not programs:
        raise ImproperlyConfigured("esbuild is not installed. Run `deploy/install`.")
    return programs[0]
