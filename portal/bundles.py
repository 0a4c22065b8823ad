"""Bundles: each script and style of a page with all that it imports, in one file, so that a slow line has few requests.

The source stays plain modules, which browsers could load as they are but for the packages that `menus.js`, `htmx.js` and
`morph.js` import.
"""

import gzip
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal import assets, preloads

ENTRIES = (
    "css/console.css",
    "css/meridian.css",
    "js/console.js",
    "js/console/log.js",
    "js/meridian.js",
    "js/remote-console.js",
    "js/serial.js",
)
"""What templates name. Modules that several of these import are shared, so that each runs once."""

WHOLE = {"js/console.js"}
"""Entries that share nothing, since `portal.first_visit` puts them into pages."""

STRIPPED = "css/meridian.css"
"""The style of which only that stays which a page may use: Tabler's is seven times as long."""

PAGES = ("templates/**/*.html", "static/js/**/*.js", "portal/**/*.py")
"""What pages are made of."""

BY_SCRIPTS = ("show", "showing", "hiding", "fade", "offcanvas-backdrop")
"""Classes that Tabler's scripts set."""

NO_CLASSES = (
    *("alert", "alert-icon", "avatar", "badge", "calendar", "col", "empty", "figure", "invisible", "lead"),
    *("loader", "mark", "nav", "page", "placeholder", "required", "row", "signal", "signal-bar", "signature"),
    *("status", "step-item", "steps", "timeline", "toast", "toolbar", "visible"),
)
"""Classes of Tabler's that no page has; as words, pages have them."""

COMPRESSED = {".css", ".js", ".mjs", ".svg"}
LEAST_BYTES = 1024


def make(folder: Path) -> None:
    """Replace the entries in a folder of collected files by their bundles. Raise ImproperlyConfigured."""
    shared = [entry for entry in ENTRIES if entry not in WHOLE]
    imports = _bundle(folder, shared, "--splitting", "--chunk-names=js/chunk-[hash]") | _bundle(folder, WHOLE)
    (folder / preloads.IMPORTS).write_text(json.dumps(imports))
    strip(folder / STRIPPED)


def _bundle(folder: Path, entries: Iterable[str], *further: str) -> dict[str, list[str]]:
    """Replace these entries. Return, for each script, the scripts that it imports, and that these import."""
    options = ("--bundle", "--format=esm", "--minify", "--target=esnext", "--log-level=warning")
    output = ("--outdir=.", "--outbase=.", "--allow-overwrite", "--metafile=metafile.json")
    within = ("--loader:.svg=dataurl",)
    fonts = ("--loader:.woff2=file", "--asset-names=fonts/[name]-[hash]")
    subprocess.run(
        [esbuild(), *entries, *options, *output, *within, *fonts, *further],
        cwd=folder,
        env=os.environ | {"NODE_PATH": str(assets.PACKAGES)},
        check=True,
    )
    metafile = folder / "metafile.json"
    outputs = json.loads(metafile.read_text())["outputs"]
    metafile.unlink()
    return _imports(outputs)


def strip(style: Path) -> None:
    """Leave in a style the selectors and variables whose names a page may use: any word of it may name a class."""
    program = settings.BASE_DIR / "node_modules/purgecss/bin/purgecss.js"
    names = ("--safelist", *BY_SCRIPTS, "--blocklist", *NO_CLASSES)
    options = ("--content", *PAGES, *names, "--variables", "--keyframes", "--output", style)
    subprocess.run(["node", program, "--css", style, *options], cwd=settings.BASE_DIR, check=True)


def _imports(outputs: dict[str, Any]) -> dict[str, list[str]]:
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
