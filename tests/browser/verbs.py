"""What a person does in the browser, in a word each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import libvirt
from playwright.sync_api import ConsoleMessage, Locator, Page, Response, expect

from tests.stack import BASE, PASSWORD, URI, wait_for

ARTIFACTS = BASE / "test-artifacts"
NAME = "admin"
PATIENCE = 30_000  # ms: this machine may be busy; promises of time are measured where they are made
expect.set_options(timeout=PATIENCE)

SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./", strict=True))
LIT = """() => {
  const canvas = document.querySelector("[data-part=screen] canvas");
  if (!canvas?.width) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let lit = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] > 90) lit += 1;
  return lit;
}"""
WATCH = """
  window.texts = [];
  const look = () => document.querySelectorAll("SELECTOR").forEach(({ innerText }) => {
    const text = innerText.replace(/\\s+/g, " ").trim();
    if (text && texts.at(-1) !== text) texts.push(text);
  });
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
"""


class Faults(list[str]):
    """Errors in the browser's console, uncaught exceptions and answers of 400 and above."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.append(f"exception: {error}"))
        page.on("response", self._look)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        line = f"console: {message.text}"
        before = line.replace("htmx:sendAbort", "htmx:afterRequest")
        if before != line and before in self:
            self.remove(
                before
            )  # a newer question, or another page, took the place of an unanswered one: no fault
        else:
            self.append(line)

    def _look(self, response: Response) -> None:
        if response.status >= 400:
            self.append(f"{response.status}: {response.url}")


@contextmanager
def without_reload(page: Page) -> Iterator[None]:
    """Whatever happens inside happens on the page as it is."""
    page.evaluate("() => { window.stayed = true; }")
    yield
    assert page.evaluate("() => window.stayed === true"), "the page was loaded anew"


def sign_in(page: Page, name: str = NAME, password: str = PASSWORD) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="You and your preferences").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in/"))


def row(page: Page, name: str) -> Locator:
    """The row of an instance in the list or in the recycle bin."""
    return page.locator("tr", has=page.get_by_role("link", name=name, exact=True))


def expect_status(page: Page, name: str, status: str) -> None:
    expect(row(page, name).locator(".cell-status .state")).to_have_text(status, use_inner_text=True)


def act(page: Page, name: str, action: str) -> None:
    """Choose an action from the menu of an instance's row."""
    row(page, name).get_by_role("button", name=f"Actions on {name}").click()
    row(page, name).get_by_role("button", name=action, exact=True).click()


def confirm(page: Page, action: str, name: str = "") -> None:
    """Say yes in the dialog; with `name`, type that first, without which there is no yes."""
    dialog = page.get_by_role("dialog")
    yes = dialog.get_by_role("button", name=action, exact=True)
    if name:
        expect(yes).to_be_disabled()
        dialog.get_by_role("textbox").fill(name)
    yes.click()
    expect(dialog).to_be_hidden()


def lit_pixels(page: Page) -> int:
    """How much of the instance's screen is not dark; 0 while there is none."""
    return int(page.evaluate(LIT))


def wait_for_screen(page: Page, least: int, seconds: float = 90) -> None:
    """Wait until the console shows a screen with at least so many lit pixels."""

    def shown() -> bool:
        page.wait_for_timeout(200)
        state = page.locator("[data-console]").get_attribute("data-state")
        return state == "connected" and lit_pixels(page) >= least

    wait_for(shown, "a screen on the console", seconds)


def type_keys(page: Page, text: str) -> None:
    """Type with Shift pressed where a keyboard needs it: Playwright by itself sends only the character."""
    for character in text:
        if character in SHIFTED or character.isupper():
            page.keyboard.down("Shift")
            page.keyboard.press(character)
            page.keyboard.up("Shift")
        else:
            page.keyboard.press(character)
        page.wait_for_timeout(30)


def watch_texts(page: Page, selector: str) -> None:
    """Write down every text that elements of this kind ever show, on the pages that follow."""
    page.add_init_script(WATCH.replace("SELECTOR", selector))


def seen_texts(page: Page) -> list[Any]:
    return list(page.evaluate("() => window.texts"))


def qemu(uuid: str) -> int:
    """The process id of the QEMU that runs an instance."""
    connection = libvirt.open(URI)
    try:
        name = connection.lookupByUUIDString(uuid).name()
    finally:
        connection.close()
    return int(Path(f"/run/libvirt/qemu/{name}.pid").read_text())
