"""How a page looks: its pictures, what axe finds in it, and whether it fits a phone."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.verbs import ARTIFACTS
from tests.stack import BASE

SCREENSHOTS = ARTIFACTS / "screenshots"
AXE = (BASE / "node_modules" / "axe-core" / "axe.min.js").read_text()
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
whole = True
"""Whether `inspect` takes pictures and looks at pages in the dark too; `make test` leaves that to the proof."""

GRAVE = {"serious", "critical"}
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""What alone can differ in the dark. It takes long, and all colours are those of one palette."""
ALL_BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
FRAME = [[".shell-header"], [".shell-rail"]]


def settle(page: Page) -> None:
    """Wait until the page has drawn itself and what it asks for at once."""
    page.wait_for_load_state("networkidle")
    if page.locator("#checks").count():
        expect(page.locator("#checks .check-mark").first).to_be_visible(timeout=90_000)
    if page.locator("img[data-screen]").count():
        expect(page.locator("img[data-screen]")).to_be_visible()
    if page.locator("[data-console]").count():
        expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected")


def inspect(page: Page, name: str, frame: bool = False) -> list[str]:
    """Take the page's pictures in light, on a phone and in the dark; what is wrong with it, a line each.

    With `frame`, `make test` lets axe see also what is around every page.
    """
    wrong = []
    for scheme in ("light", "dark") if whole else ("light",):
        page.emulate_media(color_scheme=scheme)
        _picture(page, f"{name}-{scheme}")
        wrong += [f"{scheme}: {line}" for line in _axe(page, _rules(scheme), frame or whole)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    _picture(page, f"{name}-phone")
    wrong += [f"phone: {line}" for line in _too_wide(page)]
    page.set_viewport_size(DESKTOP)
    return wrong


def _picture(page: Page, name: str) -> None:
    page.evaluate("() => scrollTo(0, 0)")
    page.evaluate(PAINTED)
    if whole:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")


def _rules(scheme: str) -> dict[str, Any]:
    if scheme == "dark":
        return CONTRAST
    return {} if whole else ALL_BUT_CONTRAST


def _axe(page: Page, rules: dict[str, Any], frame: bool) -> list[str]:
    """Return what axe finds by these rules."""
    # Evaluated by the browser's debugger, which the page's Content-Security-Policy does not bind.
    if page.evaluate("() => !window.axe"):
        page.evaluate(AXE)
    # Preloading would serve two rules: one that axe leaves off, and one about media that plays, of which there is none.
    found: dict[str, Any] = page.evaluate(
        """([rules, exclude]) => axe.run(
          exclude ? { exclude } : document, { resultTypes: ["violations"], preload: false, ...rules }
        )""",
        [rules, None if frame else FRAME],
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def _too_wide(page: Page) -> list[str]:
    """Elements that reach beyond the right edge, if the page can be scrolled sideways."""
    return list(
        page.evaluate(
            """() => {
              const { scrollWidth, clientWidth } = document.documentElement;
              if (scrollWidth <= clientWidth) return [];
              return [...document.body.querySelectorAll("*")]
                .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
                .slice(0, 5)
                .map((element) => `${scrollWidth} px wide: ${element.outerHTML.slice(0, 120)}`);
            }"""
        )
    )
