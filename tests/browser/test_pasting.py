"""Pasting by the layout of the keyboard inside the guest."""

import struct

from playwright.sync_api import Page, WebSocket, expect

from tests.stack import Stack

QEMU_KEY = b"\xff\x00"
"""An extended key event of QEMU: whether it goes down, keysym, and the number of the key on the keyboard."""
Q, A, W, Z, SHIFT, ALTGR, DIGIT_0 = 0x10, 0x1E, 0x11, 0x2C, 0x2A, 0xB8, 0x0B


def test_the_keys_are_those_of_the_layout_which_is_kept(stack: Stack, page: Page, linux: str) -> None:
    pressed: list[int] = []

    def listen(websocket: WebSocket) -> None:
        websocket.on("framesent", note)

    def note(payload: str | bytes) -> None:
        if isinstance(payload, bytes) and payload[:2] == QEMU_KEY and len(payload) == 12:
            down, _keysym, code = struct.unpack(">HII", payload[2:])
            if down:
                pressed.append(code)

    page.on("websocket", listen)
    console = f"/instances/{stack.instance(linux)['uuid']}/console/"
    page.goto(console)
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected", timeout=60_000)
    page.wait_for_timeout(1_000)  # the guest says that it takes keys by their numbers
    page.get_by_role("button", name="Paste text").click()
    layout = page.get_by_label("Keyboard layout inside the instance")
    with page.expect_response("**/keyboard/"):
        layout.select_option("fr")
    page.get_by_role("dialog").get_by_role("textbox").fill("aqwZ@")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert pressed == [Q, A, Z, SHIFT, W, ALTGR, DIGIT_0]

    page.evaluate("() => localStorage.clear()")
    page.reload()
    page.get_by_role("button", name="Paste text").click()
    expect(layout).to_have_value("fr")
    with page.expect_response("**/keyboard/"):
        layout.select_option("us")
