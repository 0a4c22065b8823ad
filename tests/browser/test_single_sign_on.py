"""Signing in at an OpenID Connect provider and out of it again, as a person does."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import provider
from tests.browser import looks
from tests.browser.island import Island
from tests.browser.verbs import Faults
from tests.ports import free_port
from tests.provider import CLIENT_ID, CLIENT_SECRET, PASSWORD
from tests.stack import Stack


@pytest.fixture(scope="module")
def stack(island: Island) -> Iterator[Stack]:
    """An installation of its own, with a provider beside it."""
    port = free_port()
    stack = Stack(
        MERIDIAN_OIDC_ISSUER=f"http://localhost:{port}",
        MERIDIAN_OIDC_CLIENT_ID=CLIENT_ID,
        MERIDIAN_OIDC_LABEL="Example",
    )
    secret = stack.root / "oidc-secret"
    secret.write_text(f"{CLIENT_SECRET}\n")
    stack.environment["MERIDIAN_OIDC_SECRET_FILE"] = str(secret)
    try:
        with provider.running(port, stack.url):
            island.open(port)
            stack.start()
            stack.bootstrap()
            yield stack
    finally:
        stack.remove()


def test_in_at_the_provider_and_out_of_it(stack: Stack, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context().new_page()
    faults = Faults(page)
    page.goto("/sign-in/?next=/keypairs/")
    assert looks.inspect(page, "sign-in-with-provider") == []
    page.get_by_role("link", name="Sign in with Example").click()
    _prove(page)
    expect(page).to_have_url(re.compile("/keypairs/$"))
    page.get_by_role("button", name="You and your preferences").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    assert looks.inspect(page, "signed-out") == []
    page.get_by_role("link", name="Sign out of Example too").click()
    page.get_by_role("button", name="Leave").click()
    expect(page).to_have_url(re.compile("/sign-in/$"))
    page.get_by_role("link", name="Sign in with Example").click()
    _prove(page)
    expect(page).to_have_url(f"{stack.url}/")
    assert faults == []


@pytest.mark.proof
def test_a_broken_answer_is_a_page_that_says_what_to_do(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context().new_page()
    page.goto("/sign-in/provider/callback/?code=x&state=y")
    expect(page.get_by_text("Start again")).to_be_visible()
    assert looks.inspect(page, "sign-in-broken-answer") == []


def _prove(page: Page) -> None:
    """Type name and password at the provider, which asks for them since nobody is signed in there."""
    expect(page.get_by_role("heading", name="Example")).to_be_visible()
    page.get_by_label("Username").fill("lea")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
