"""An image is uploaded from the browser: over a line that breaks, after a reload, from another browser, and cancelled."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from compute.store import PIECE_BYTES
from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.proof import examples
from tests.stack import Browserless, Stack

PIECES, LARGE = 3, 48
"""Pieces of a disk for every run, and of one of 384 MiB for the proof."""
NewContext = Callable[..., BrowserContext]
UPLOADS = re.compile(r"/images/uploads/[0-9a-f-]{36}/")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return disk_of(tmp_path, PIECES)


def disk_of(folder: Path, pieces: int) -> Path:
    """A raw disk in so many pieces, of which all but the ends is empty."""
    file = folder / "golden.raw.img"
    with file.open("wb") as data:
        data.write(b"begin")
        data.seek((pieces - 1) * PIECE_BYTES, 1)
        data.write(b"end")
    return file


def choose(page: Page, disk: Path) -> None:
    page.get_by_label("File").set_input_files(disk)


def cut_after_first_piece(page: Page) -> None:
    """The line breaks after the first piece."""
    sent = []

    def pass_one(route: Route, request: Request) -> None:
        if request.method == "PATCH" and sent:
            route.abort("internetdisconnected")
        else:
            if request.method == "PATCH":
                sent.append(request.url)
            route.continue_()

    page.route(UPLOADS, pass_one)


def row(page: Page, name: str) -> Locator:
    """The image's row in the list."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def expect_ready(page: Page, name: str) -> None:
    page.goto("/images/")
    expect(row(page, name)).to_contain_text("Ready", timeout=60_000)


@pytest.mark.parametrize("pieces", examples([PIECES, LARGE], PIECES))
def test_it_goes_on_after_a_broken_line_and_a_reload(
    stack: Stack, admin: Browserless, page: Page, faults: Faults, tmp_path: Path, pieces: int
) -> None:
    disk = disk_of(tmp_path, pieces)
    page.goto("/images/")
    page.get_by_role("link", name="Upload image").first.click()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".errorlist")).to_have_text("Choose a file.")
    assert looks.inspect(page, "image-new") == []
    choose(page, disk)
    expect(page.get_by_label("Name")).to_have_value("golden")
    cut_after_first_piece(page)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    expect(page.locator("[data-upload-percent]")).to_contain_text(re.compile(r"\d+ % · "))
    assert looks.inspect(page, "image-upload-waiting") == []
    # Paused, so that it does not try again while the line comes back.
    page.get_by_role("button", name="Pause").click()
    page.unroute(UPLOADS)
    page.goto("/images/")
    faults.clear()
    expect(row(page, "golden")).to_contain_text("Being uploaded")
    assert looks.inspect(page, "images-uploading") == []
    offsets = _offsets(page)
    page.goto("/images/new/")
    choose(page, disk)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/images/", timeout=120_000)
    assert offsets == [number * PIECE_BYTES for number in range(1, pieces)]
    expect_ready(page, "golden")
    expect(page.get_by_role("rowheader", name="golden")).to_have_count(1)
    row(page, "golden").get_by_role("button", name="Delete").click()
    verbs.confirm(page, "Delete")
    expect(row(page, "golden")).to_have_count(0)
    assert faults == []


def test_another_browser_sends_the_rest(
    stack: Stack, page: Page, faults: Faults, new_context: NewContext, admin: Browserless, disk: Path
) -> None:
    page.goto("/images/new/")
    choose(page, disk)
    page.get_by_label("Name").fill("silver")
    cut_after_first_piece(page)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    other = new_context(admin).new_page()
    other.goto("/images/")
    row(other, "silver").get_by_role("link", name="Upload silver").click()
    expect(other.get_by_text("Choose the same file again to send the rest.")).to_be_visible()
    wrong = disk.with_name("wrong.img")
    wrong.write_bytes(b"other")
    choose(other, wrong)
    other.get_by_role("button", name="Go on").click()
    expect(other.locator(".errorlist")).to_contain_text("This is another file")
    offsets = _offsets(other)
    choose(other, disk)
    other.get_by_role("button", name="Go on").click()
    other.wait_for_url("**/images/")
    assert offsets == [PIECE_BYTES, 2 * PIECE_BYTES]
    expect_ready(other, "silver")
    faults.clear()


def test_it_pauses_and_is_cancelled(stack: Stack, page: Page, faults: Faults, disk: Path) -> None:
    page.goto("/images/new/")
    choose(page, disk)
    page.get_by_label("Name").fill("bronze")
    held: list[Route] = []

    def hold(route: Route, request: Request) -> None:
        if request.method == "PATCH" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(UPLOADS, hold)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused.")).to_be_visible()
    assert looks.inspect(page, "image-upload-paused") == []
    page.get_by_role("button", name="Cancel the upload").click()
    page.wait_for_url("**/images/")
    expect(page.get_by_role("rowheader", name="bronze")).to_have_count(0)
    assert faults == []


def test_what_is_refused_is_said_at_its_field(stack: Stack, page: Page, faults: Faults, disk: Path) -> None:
    page.goto("/images/new/")
    choose(page, disk)
    page.get_by_label("Name").fill("a" * 255)
    page.get_by_text("Format, user and least sizes").click()
    page.get_by_label("Least disk (GiB)").fill("99999999999")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("[data-field=min_disk] .errorlist")).to_contain_text("Give a whole number")
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_enabled()
    faults.clear()


def _offsets(page: Page) -> list[int]:
    """Where the pieces begin that the page sends from now on."""
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    return offsets
