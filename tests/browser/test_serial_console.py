"""The serial terminal in the page, and the log of what the guest wrote."""

from playwright.sync_api import Page, expect

from tests.browser import verbs
from tests.browser.verbs import Faults
from tests.stack import Stack, wait_for


def test_a_command_at_the_serial_terminal(stack: Stack, page: Page, faults: Faults, linux: str) -> None:
    uuid = stack.instance(linux)["uuid"]
    page.goto(f"/instances/{uuid}/serial/")
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected")
    wait_for(lambda: _prompted(page), "the guest's prompt", 120, pause=1)
    verbs.type_keys(page, "expr 6 \\* 7")
    page.keyboard.press("Enter")
    wait_for(lambda: "42" in _lines(page), "the command's answer")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download the text").click()
    assert "expr 6 \\* 7\n42\n" in started.value.path().read_text()
    page.reload()
    wait_for(lambda: any(line.strip() for line in _lines(page)), "a prompt by itself")
    assert faults == []


def test_a_long_text_is_pasted_whole_and_an_emoji_without_keys(
    stack: Stack, page: Page, faults: Faults, linux: str
) -> None:
    """What is pasted waits for the guest; what comes without keys, as from an emoji panel, is typed too."""
    uuid = stack.instance(linux)["uuid"]
    page.goto(f"/instances/{uuid}/serial/")
    wait_for(lambda: _prompted(page), "the guest's prompt", 120, pause=1)
    verbs.type_keys(page, "stty -echo; expr 40 + 2; cat >/tmp/long; stty echo; wc -l </tmp/long")
    page.keyboard.press("Enter")
    wait_for(lambda: "42" in _lines(page), "the guest to echo no more")
    text = "".join(f"{number:0>9}\n" for number in range(6_600))
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.querySelector(".xterm-helper-textarea").dispatchEvent(paste);
        }""",
        text,
    )
    expect(page.locator("[data-part=pasted]")).to_be_visible()
    expect(page.locator("[data-part=pasted]")).to_be_hidden(timeout=240_000)
    page.keyboard.press("Control+d")
    wait_for(lambda: "6600" in _lines(page), "the number of lines")
    page.keyboard.type("echo ")
    page.keyboard.insert_text("größe🐧")
    page.keyboard.press("Enter")
    wait_for(lambda: any(line == "größe🐧" for line in _lines(page)), "the text without keys")
    assert faults == []


def test_the_log_shows_the_boot_and_goes_on(stack: Stack, page: Page, faults: Faults, linux: str) -> None:
    uuid = stack.instance(linux)["uuid"]
    page.goto(f"/instances/{uuid}/")
    page.get_by_role("link", name="Log", exact=True).click()
    log = page.locator("[data-log]")
    expect(log).to_contain_text("boot finished after", timeout=120_000)
    expect(log).to_contain_text(f"Host name:  {linux}")
    with verbs.without_reload(page):
        terminal = page.context.new_page()
        terminal.goto(f"/instances/{uuid}/serial/")
        wait_for(lambda: _prompted(terminal), "the guest's prompt", pause=1)
        verbs.type_keys(terminal, "expr 1000 + 234")
        terminal.keyboard.press("Enter")
        expect(log).to_contain_text("1234")
    assert faults == []


def _prompted(page: Page) -> bool:
    """Press Enter, as the page tells to, and look for a prompt."""
    page.keyboard.press("Enter")
    return any(line.endswith(":~#") for line in _lines(page))


def _lines(page: Page) -> list[str]:
    """What the terminal shows, as it tells a screen reader."""
    return [text.strip() for text in page.locator(".xterm-accessibility [role=listitem]").all_inner_texts()]
