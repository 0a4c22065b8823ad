"""Bundles: each script and style of a page with all that it imports, in one file, so that a slow line has few requests.

The source stays plain modules, which browsers could load as they are but for the packages that `menus.js`, `htmx.js` and
`morph.js` import.
"""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from lightningcss import process_stylesheet

from portal import assets, preloads

ENTRIES = (
    "css/console.css",
    "css/meridian.css",
    "css/pages.css",
    "js/console.js",
    "js/console/log.js",
    "js/meridian.js",
    "js/remote-console.js",
    "js/serial.js",
    "js/upload.js",
)
"""What templates name. Modules that several of these import are shared, so that each runs once."""

WHOLE = {"js/console.js"}
"""Entries that share nothing, since `portal.first_visit` puts them into pages."""

STRIPPED = "css/meridian.css"
"""The style of which only that stays which a page may use: Tabler's is seven times as long."""

PAGES = (("templates", "*.html"), ("static/js", "*.js"), ("portal", "*.py"))
"""What pages are made of."""

ELSEWHERE = {
    *("show", "showing", "hiding", "fade", "offcanvas-backdrop", "data-bs-popper", "data-popper-placement"),
    *("errorlist", "qr"),
}
"""What Tabler's scripts, Django's forms and the code of `accounts` set."""

NO_CLASSES = {
    *("alert", "alert-icon", "avatar", "badge", "calendar", "col", "empty", "figure", "invisible", "lead"),
    *("legend", "loader", "mark", "nav", "page", "placeholder", "required", "row", "signal", "signal-bar"),
    *("signature", "status", "step-item", "steps", "timeline", "toast", "toolbar", "visible"),
}
"""Classes of Tabler's that no page has; as words, pages have them."""

NAME = r"(?:\.|\[(?=data-))(-?[A-Za-z_][\w-]*)"
"""A class or an attribute of data in a selector."""
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")

COMPRESSED = {".css", ".js", ".mjs", ".svg"}
LEAST_BYTES = 1024


def make(folder: Path) -> None:
    """Replace the entries in a folder of collected files by their bundles. Raise ImproperlyConfigured."""
    shared = [entry for entry in ENTRIES if entry not in WHOLE]
    imports = _bundle(folder, shared, "--splitting", "--chunk-names=js/chunk-[hash]") | _bundle(folder, WHOLE)
    (folder / preloads.IMPORTS).write_text(json.dumps(imports))
    style = folder / STRIPPED
    others = [
        (folder / entry).read_text() for entry in ENTRIES if entry.endswith(".css") and entry != STRIPPED
    ]
    style.write_text(strip(style.read_text(), page_words().union(*map(_variables, others))))


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


def strip(style: str, words: AbstractSet[str]) -> str:
    """Return the style without the selectors and variables whose names are none of these words."""
    named = set(re.findall(NAME, style))
    style = RULE.sub(lambda rule: _narrowed(rule, named - words), style)
    unused = named - words
    while True:
        style = process_stylesheet(style, unused_symbols=unused, minify=True)
        read = _variables(style) | words
        idle = set(re.findall(r"(--[\w-]+):", style)) - read
        if not idle:
            return style
        unused |= idle  # those that only they read are idle next


def _variables(style: str) -> set[str]:
    """Return the variables that a style reads."""
    return set(re.findall(r"var\((--[\w-]+)", style))


def _narrowed(rule: re.Match[str], unused: AbstractSet[str]) -> str:
    """Return the rule with those of its selectors that may match; nothing if none does."""
    names, declarations = rule.groups()
    if names.startswith("@"):
        return rule[0]
    # What stands in parentheses, as of `:not` and `:is`, need not be there.
    left = [name for name in _selectors(names) if not unused & set(re.findall(NAME, _outside(name)))]
    return f"{','.join(left)}{{{declarations}}}" if left else ""


def _selectors(names: str) -> list[str]:
    """Return the selectors of a list, whose parentheses may hold lists of their own."""
    selectors = [""]
    for part in names.split(","):
        if selectors[-1].count("(") == selectors[-1].count(")"):
            selectors.append(part)
        else:
            selectors[-1] += f",{part}"
    return selectors[1:]


def _outside(selector: str) -> str:
    """Return a selector without its parentheses."""
    while (less := re.sub(r"\([^()]*\)", "", selector)) != selector:
        selector = less
    return selector


def page_words() -> set[str]:
    """Return every word of what pages are made of: each may name a class."""
    words = set(ELSEWHERE)
    for folder, pattern in PAGES:
        for file in (settings.BASE_DIR / folder).rglob(pattern):
            words |= set(re.findall(r"[\w-]+", file.read_text()))
    return words - NO_CLASSES


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
