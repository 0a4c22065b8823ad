"""Bundles: each script and style of a page with all that it imports, in one file, so that a slow line has few requests.

The source stays plain modules, which browsers could load as they are.
"""

import gzip
import subprocess
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ENTRIES = (
    "css/console.css",
    "css/meridian.css",
    "js/console-loader.js",
    "js/console.js",
    "js/console/log.js",
    "js/meridian.js",
    "js/remote-console.js",
    "js/serial.js",
)
"""What templates name. Modules that several of these import are shared, so that each runs once."""

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
    subprocess.run([esbuild(), *ENTRIES, *options, *output, *fonts], cwd=folder, check=True)


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
