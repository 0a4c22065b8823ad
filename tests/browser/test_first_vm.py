"""The first hour of a new cloud, from the set-up link to an empty list, and never a reload."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks, verbs
from tests.stack import PASSWORD, Stack, running, wait_for

BIOS_TEXT = 1_000
BANNER = 15_000
STEPS = [
    "Choose a hypervisor",
    "Copy the image",
    "Create the disk",
    "Write the config drive",
    "Define the machine",
]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A new one, which makes all it needs, and in which nobody has used the set-up link."""
    with running(from_nothing=True) as stack:
        yield stack


@pytest.mark.timeout(900)
def test_the_first_instance(stack: Stack, stranger: Page, tmp_path: Path) -> None:
    page = stranger
    set_up(stack, page)
    with stack.holding("worker"):
        key = launch(page, tmp_path)
        expect(page).to_have_url("/instances/")
        expect(verbs.row(page, "first")).to_contain_text("Building")
    watch_it_start(page)
    work_at_the_console(stack, page)
    reboot(stack, page)
    log_in(stack, key)
    stop_and_start(page)
    delete_and_restore(page)
    delete_for_good(stack, page)
    assert stack.audit() == ""


def set_up(stack: Stack, page: Page) -> None:
    link = re.findall(r"http://\S+/setup/\S+/", stack.log.read_text())[-1]
    page.goto(link)
    assert looks.inspect(page, "setup") == []
    page.get_by_role("textbox", name="Name", exact=True).fill(verbs.NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create the administrator").click()
    expect(page).to_have_url("/")
    verbs.sign_out(page)
    verbs.sign_in(page)
    expect(page).to_have_url("/")
    assert page.goto(link).status == 404
    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", name="Launch your first instance")).to_be_visible()


def launch(page: Page, tmp_path: Path) -> Path:
    """Fill in the form with a key made in place; the downloaded key."""
    page.get_by_role("main").get_by_role("link", name="Launch instance").click()
    expect(page).to_have_url("/instances/launch/")
    with verbs.without_reload(page):
        page.get_by_text("Tiny Linux", exact=True).click()
        page.locator("#launch-sizes").get_by_text("tiny", exact=True).click()
        page.get_by_role("textbox", name="Name", exact=True).fill("first")
        page.get_by_role("heading", name="SSH key").click()
        page.get_by_text("Use a saved key").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Generate a key and download it").click()
        expect(page.get_by_role("combobox", name="Saved key")).to_have_value(re.compile("^key-"))
        expect(page.locator("#launch-summary pre")).to_contain_text("--key-name key-")
        expect(page.locator("#launch-summary pre")).to_contain_text("first")
    key = tmp_path / "key.pem"
    download.value.save_as(key)
    key.chmod(0o600)
    verbs.watch_texts(page, ".cell-status")
    page.get_by_role("button", name="Launch instance").click()
    return key


def watch_it_start(page: Page) -> None:
    """The row goes through its stages in their order, and ends Running with an address."""
    with verbs.without_reload(page):
        verbs.expect_status(page, "first", "Running")
    expect(verbs.row(page, "first").locator("code")).to_have_text(re.compile(r"\d+\.\d+\.\d+\.\d+"))
    seen = verbs.seen_texts(page)
    stages = [text for text in seen if "Building" in text]
    assert seen[len(stages)].startswith("Running"), seen
    shown = [step for stage in stages for step in [*STEPS, "Power on"] if stage.endswith(step)]
    assert len(set(stages)) >= 2, stages
    assert shown, stages
    assert shown == sorted(shown, key=[*STEPS, "Power on"].index), stages


def work_at_the_console(stack: Stack, page: Page) -> None:
    """The screen shows the guest, and what is typed arrives: on the screen, and as a command."""
    verbs.row(page, "first").get_by_role("link", name="Console of first").click()
    verbs.wait_for_screen(page, BIOS_TEXT)
    wait_for(lambda: _prompts(stack) == 1, "the guest's prompt", 300)
    wait_for(lambda: _settled(page) > BANNER, "the banner on the screen")
    page.locator("[data-part=screen] canvas").click()
    verbs.type_keys(page, "clear")
    page.keyboard.press("Enter")
    wait_for(lambda: 0 < _settled(page) < BANNER / 3, "a cleared screen")
    before = _settled(page)
    verbs.type_keys(page, "echo hello")
    wait_for(lambda: _settled(page) > before + 100, "typed keys to appear")
    verbs.type_keys(page, " | tee /dev/ttyS0")
    page.keyboard.press("Enter")
    wait_for(lambda: "hello\n" in _serial_log(stack).replace("\r", ""), "the guest to do what was typed")


def reboot(stack: Stack, page: Page) -> None:
    """Gently the screen stays and shows the next boot; by force it goes, and the console connects again."""
    states = "() => window.states"
    page.evaluate(
        """() => {
          window.states = [];
          const root = document.querySelector("[data-console]");
          const note = () => window.states.push(root.dataset.state);
          new MutationObserver(note).observe(root, { attributes: true, attributeFilter: ["data-state"] });
        }"""
    )
    with verbs.without_reload(page):
        _power(page, "Reboot")
        wait_for(lambda: _prompts(stack) == 2, "the guest's prompt after it started anew", 300)
        verbs.wait_for_screen(page, BANNER)
        _power(page, "Force reboot")
        verbs.confirm(page, "Force reboot")
        wait_for(lambda: "connecting" in page.evaluate(states), "the console to lose the screen")
        verbs.wait_for_screen(page, BIOS_TEXT)
        assert page.evaluate(states)[-1] == "connected"


def log_in(stack: Stack, key: Path) -> None:
    """SSH from the host, with the key that the browser saved."""
    address = stack.instance("first")["address"]
    options = (
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "ConnectTimeout=5",
        "BatchMode=yes",
    )
    command = ["ssh", "-i", key, *(f"-o{option}" for option in options), f"meridian@{address}", "hostname"]

    def answer() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    assert wait_for(answer, f"SSH into {address}", 120, pause=1) == "first"


def stop_and_start(page: Page) -> None:
    header = page.locator("#instance-header")
    with verbs.without_reload(page):
        header.get_by_role("button", name="Stop", exact=True).click()
        expect(header.locator(".instance-title .state")).to_have_text("Off", use_inner_text=True)
        start = page.locator("#console-state").get_by_role("button", name="Start", exact=True)
        page.locator("#console-state .console-panel").get_by_role("button", name="Start").click()
        expect(header.locator(".instance-title .state")).to_have_text("Running", use_inner_text=True)
        verbs.wait_for_screen(page, BIOS_TEXT)
        expect(start).to_be_hidden()


def delete_and_restore(page: Page) -> None:
    page.locator("#instance-header").get_by_role("button", name="Actions").click()
    page.locator("#instance-header").get_by_role("button", name="Delete", exact=True).click()
    verbs.confirm(page, "Delete")
    expect(page.locator(".instance-title .state")).to_have_text("In the recycle bin", use_inner_text=True)
    page.get_by_role("link", name="Recycle bin").click()
    with verbs.without_reload(page):
        verbs.row(page, "first").get_by_role("button", name="Restore").click()
        expect(page.get_by_role("heading", name="The recycle bin is empty")).to_be_visible()


def delete_for_good(stack: Stack, page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Instances").click()
    with verbs.without_reload(page):
        verbs.expect_status(page, "first", "Running")
        wait_for(lambda: stack.instance("first")["task_state"] is None, "the restoring to end")
        verbs.act(page, "first", "Delete")
        verbs.confirm(page, "Delete")
        expect(page.get_by_role("heading", name="No instances yet")).to_be_visible()
    page.get_by_role("link", name="Recycle bin").click()
    with verbs.without_reload(page):
        verbs.row(page, "first").get_by_role("button", name="Delete for good").click()
        verbs.confirm(page, "Delete for good", name="first")
        expect(page.get_by_role("heading", name="The recycle bin is empty")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Instances").click()
    expect(page.get_by_role("heading", name="No instances yet")).to_be_visible()


def _power(page: Page, action: str) -> None:
    menu = page.locator("#console-state")
    menu.get_by_role("button", name="Power").click()
    menu.get_by_role("button", name=action, exact=True).click()


def _settled(page: Page) -> int:
    """The lit pixels, once they are alike twice but for the blinking cursor."""
    before = verbs.lit_pixels(page)
    while True:
        page.wait_for_timeout(700)
        now = verbs.lit_pixels(page)
        if abs(now - before) < 40:
            return now
        before = now


def _prompts(stack: Stack) -> int:
    """How many times the guest has come to its prompt."""
    return _serial_log(stack).count("login: root")


def _serial_log(stack: Stack) -> str:
    path = stack.root / "storage" / "consoles" / f"{stack.instance('first')['uuid']}.log"
    return path.read_text(errors="replace")
