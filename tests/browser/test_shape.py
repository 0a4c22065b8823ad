"""Nothing on a page moves because something else changes."""

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

PLACES = (
    "() => [...document.querySelectorAll('.shell-header > *')].map((part) => part.getBoundingClientRect().x)"
)
COLUMNS = "() => [...document.querySelectorAll('thead th')].map((column) => column.offsetWidth)"


def test_the_page_of_a_console_fits_into_its_window(stack: Stack, page: Page, steady: str) -> None:
    """Or the arrow keys would scroll it."""
    page.set_viewport_size({"width": 1440, "height": 900})
    for form in ("console", "serial"):
        page.goto(f"/instances/{stack.instance(steady)['uuid']}/{form}/")
        expect(page.locator("[data-console], .xterm").first).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")


def test_the_head_stays_while_something_is_done(page: Page, steady: str) -> None:
    page.goto("/instances/")
    before = page.evaluate(PLACES)
    page.evaluate("""() => {
      document.querySelector(".operations-button").innerHTML = "<span class='spinner'></span><span>12</span>";
    }""")
    assert page.evaluate(PLACES) == before


def test_columns_stay_while_statuses_change(page: Page, steady: str) -> None:
    page.goto("/instances/")
    before = page.evaluate(COLUMNS)
    page.evaluate("""() => {
      for (const state of document.querySelectorAll(".cell-status .state")) state.textContent = "Taking an image";
    }""")
    assert page.evaluate(COLUMNS) == before


@pytest.mark.parametrize("path", ["/audit/", "/usage/"])
def test_filters_stand_side_by_side(page: Page, path: str) -> None:
    page.goto(path)
    tops = page.locator(".audit-filters > div").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().top)"
    )
    assert len(tops) > 1
    assert len(set(tops)) == 1, tops
