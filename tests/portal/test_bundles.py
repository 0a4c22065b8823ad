"""Scripts and styles in few files: what templates name is bundled, compressed, and runs each module once."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from portal import bundles, preloads
from tests import static_files

CLASSES = re.compile(r'class="((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)"', re.DOTALL)
NAMED = re.compile(r"static '((?:css|js)/[^']+)'")


@pytest.fixture(scope="module")
def folder() -> Path:
    return static_files.shared(settings.STATIC_VERSION)


FORBIDDEN = re.compile(r"""\s(hx-on|on[a-z]+=|style=["']|hx-(vals|headers)=["']js:)""")
"""What the content security policy lets no browser run."""


def test_templates_hold_no_code() -> None:
    pages = (settings.BASE_DIR / "templates").rglob("*.html")
    assert [page.name for page in pages if FORBIDDEN.search(page.read_text())] == []


def test_what_templates_name_is_an_entry() -> None:
    pages = (settings.BASE_DIR / "templates").rglob("*.html")
    named = {name for page in pages for name in NAMED.findall(page.read_text())}
    assert named <= set(bundles.ENTRIES)


@pytest.mark.parametrize("entry", bundles.ENTRIES)
def test_an_entry_asks_for_chunks_only(folder: Path, entry: str) -> None:
    text = (folder / entry).read_text()
    assert "@import" not in text
    imported = re.findall(r'(?:from|import)\s*"(\.[^"]+)"', text)
    assert all(re.fullmatch(r"(\.\./|\./)+chunk-[A-Z0-9]+\.js", name) for name in imported), imported


def test_the_styles_of_lists_and_those_of_single_pages_are_a_file_each(folder: Path) -> None:
    first, further = ((folder / f"css/{name}.css").read_text() for name in ("meridian", "pages"))
    for name in (".table-card", ".offcanvas", ".rail-badge"):
        assert name in first
    for name in (".plot-bar", ".launch-part"):
        assert name not in first
        assert name in further


def test_styles_that_no_page_uses_are_gone(folder: Path) -> None:
    text = (folder / "css/meridian.css").read_text()
    for unused in (".carousel", ".accordion", ".btn-outline-pink", "--tblr-facebook"):
        assert unused not in text
    assert len(gzip.compress(text.encode(), 9)) < 17_000


def test_what_only_another_style_reads_stays(folder: Path) -> None:
    first, further = ((folder / f"css/{name}.css").read_text() for name in ("meridian", "pages"))
    defined = set(re.findall(r"(--[\w-]+):", first + further))
    assert set(re.findall(r"var\((--[\w-]+)\)", further)) <= defined


def test_only_what_a_page_names_stays() -> None:
    style = (
        ".a{color:red}.b,.c{color:var(--x)}.d:is(.b:not(.a,p),.e),.b:is(.d,p){color:blue}p{margin:0}"
        "@media print{.a,.a .c{margin:0}.c{margin:1px}}:root{--x:red;--y:var(--z);--z:red}"
    )
    assert bundles.strip(style, {"c", "d", "e"}) == (
        ".c{color:var(--x)}.d:is(.b:not(.a,p),.e){color:#00f}p{margin:0}"
        "@media print{.c{margin:1px}}:root{--x:red}"
    )


def test_all_styles_of_our_own_stay(folder: Path) -> None:
    """Of what is ours, all is used: what is missing would be of a name that the stripping does not know."""
    files = [file for file in (settings.BASE_DIR / "static/css").glob("*.css") if file.name != "console.css"]
    ours = re.sub(r"url\(.*?\)|/\*.*?\*/", "", "".join(file.read_text() for file in files), flags=re.DOTALL)
    left = "".join((folder / f"css/{name}.css").read_text() for name in ("meridian", "pages"))
    assert not set(re.findall(bundles.NAME, ours)) - set(re.findall(bundles.NAME, left))


def test_no_page_has_a_class_whose_style_is_dropped() -> None:
    pages = [page.read_text() for page in (settings.BASE_DIR / "templates").rglob("*.html")]
    classes = {
        name for page in pages for names in CLASSES.findall(page) for name in re.findall(r"[\w-]+", names)
    }
    assert "dropdown-item" in classes
    assert not classes & bundles.NO_CLASSES


def test_a_module_that_two_share_is_there_once(folder: Path) -> None:
    holding = [file.name for file in folder.glob("js/*.js") if "toast-template" in file.read_text()]
    bundled = [name for name in holding if name.startswith("chunk-") or f"js/{name}" in bundles.ENTRIES]
    assert len(bundled) == 1, bundled


def test_a_script_tells_what_it_imports(folder: Path, settings: Settings) -> None:
    """So that a page asks for all of it at once; each further import would be another journey."""
    settings.STATIC_ROOT = folder
    name, *imported = preloads.scripts("js/serial.js")
    assert name == "js/serial.js"
    text = (folder / name).read_text()
    direct = re.findall(r'from"\./(chunk-[A-Z0-9]+\.js)"', text)
    assert direct
    assert {f"js/{each}" for each in direct} <= set(imported)
    assert preloads.scripts("js/toast.js") == ["js/toast.js"]


def test_compressed_copies_hold_the_same(folder: Path) -> None:
    copies = list(folder.rglob("*.gz"))
    assert len(copies) > 20
    for copy in copies:
        assert gzip.decompress(copy.read_bytes()) == copy.with_suffix("").read_bytes()
    assert not (folder / "js/focus.js.gz").exists(), "it is too small to be worth it"


def test_a_missing_bundler_is_named(tmp_path: Path, settings: Settings) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(ImproperlyConfigured, match="deploy/install"):
        bundles.esbuild()
