"""One running installation and one Chromium for all browser tests, and people who are signed in."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import looks
from tests.browser.island import Island
from tests.browser.verbs import ARTIFACTS, PATIENCE, Faults
from tests.chromium import program
from tests.stack import QUICK_HASHES, Browserless, Stack, running

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # a renderer for all tabs of a browser
)
FAILED = pytest.StashKey[bool]()
VIEWPORT = {"width": 1280, "height": 900}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know that the test failed, so that they keep a picture of it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session", autouse=True)
def whole_looks(request: pytest.FixtureRequest) -> None:
    """Take pictures, and look at pages in the dark, when the proof is run."""
    looks.whole = request.config.option.markexpr != "not proof"


# Of the package, not of the session: Playwright keeps an event loop in this thread, beside which Django's
# database refuses to work for other tests, and an idle installation would slow them down.
@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with running(halting=True, **QUICK_HASHES) as stack:
        yield stack
        assert stack.audit() == "", stack.tail()


@pytest.fixture(scope="package")
def island() -> Iterator[Island]:
    with Island() as island:
        yield island


@pytest.fixture(scope="package")
def chromium(island: Island, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        wrapped = island.wrapped(program(), tmp_path_factory.mktemp("chromium"))
        browser = playwright.chromium.launch(executable_path=wrapped, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def admin(stack: Stack) -> Browserless:
    """The administrator without a browser: prepares what a test looks at. Makes them if nobody did."""
    return stack.bootstrap()


@pytest.fixture(scope="package")
def steady(stack: Stack, admin: Browserless) -> Iterator[str]:
    """The name of an instance that runs through all tests; they leave it as it is."""
    with _running(stack, admin, "steady", stack.halting):
        yield "steady"


@pytest.fixture(scope="package")
def linux(stack: Stack, admin: Browserless) -> Iterator[str]:
    """The name of an instance at which one can work."""
    with _running(stack, admin, "linux", stack.linux):
        yield "linux"


@contextmanager
def _running(stack: Stack, admin: Browserless, name: str, image: str) -> Iterator[None]:
    admin.launch(stack, name, image_id=image)
    stack.wait_for_state(name, "active", 120)
    yield
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted", 120)


def open_browser(chromium: Browser, stack: Stack, session: Browserless | None = None) -> BrowserContext:
    """A browser that knows nothing of others; with `session`, signed in as that person is."""
    context = chromium.new_context(viewport=VIEWPORT, base_url=stack.url, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    if session is not None:
        context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value or "", "url": stack.url}
                for cookie in session.cookies
            ]
        )
    return context


def keep_if_failed(request: pytest.FixtureRequest, page: Page, number: int = 0) -> None:
    """Leave a picture of the page where a failed test ended."""
    if request.node.stash.get(FAILED, False):
        page.screenshot(path=ARTIFACTS / "failures" / f"{request.node.name}-{number}.png")


@pytest.fixture
def new_context(
    chromium: Browser, island: Island, stack: Stack, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers, see `open_browser`."""
    opened: list[BrowserContext] = []
    island.open(stack.port)

    def new(session: Browserless | None = None) -> BrowserContext:
        opened.append(open_browser(chromium, stack, session))
        return opened[-1]

    yield new
    for number, context in enumerate(opened):
        for page in context.pages:
            keep_if_failed(request, page, number)
        context.close()


@pytest.fixture
def stranger(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of somebody who has not signed in."""
    return new_context().new_page()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], admin: Browserless) -> Page:
    """A page of the signed-in administrator."""
    return new_context(admin).new_page()


@pytest.fixture
def faults(page: Page) -> Faults:
    """What goes wrong on `page` without anybody seeing it."""
    return Faults(page)
