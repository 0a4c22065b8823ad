"""Every page: looked at by axe, and by people in test-artifacts/screenshots."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import looks
from tests.browser.pages.addresses import address
from tests.browser.verbs import Faults
from tests.portal.routes import routes
from tests.proof import examples
from tests.stack import Browserless, Stack

NewContext = Callable[..., BrowserContext]

NO_PAGES = {
    "api-schema": "JSON or YAML",
    "front-console": "asked by nginx only",
    "audit-download": "a file",
    "usage-download": "a file",
    "alive": "text for balancers",
    "instance-console-state": "part of the console's page",
    "instance-log-download": "a file",
    "instance-log-text": "text that the log's page adds",
    "instance-screen": "a picture",
    "oidc": "leads to the provider; test_single_sign_on looks at it",
    "oidc-callback": "leads on at once",
    "operations": "part of every page",
    "palette": "JSON",
    "instances-more": "part of the list",
    "instances-question": "JSON",
    "instances-ids": "JSON",
    "keyboard-layout": "JSON",
    "volumes-ids": "JSON",
    "volumes-question": "JSON",
    "image-upload": "the tus protocol",
    "image-uploads": "the tus protocol",
    "instance-snapshot-edit": "test_instance_snapshots looks at it",
    "volume-action": "asks where the verb asks; test_volumes looks at it",
    "quota-requests-waiting": "part of every page",
    "instance-action": "asks where the verb asks; test_states looks at it",
    "choose-password": "gone once used; test_second_factor looks at it",
    "setup": "gone once used; test_first_vm looks at it",
}
FORMS = {route.name for route in routes() if route.takes_forms_only}
PAGES = sorted({route.name for route in routes()} - FORMS - NO_PAGES.keys())
EACH_RUN = {
    *("overview", "instances", "instance", "instance-console", "launch", "activity", "images", "credentials"),
    *(
        "health",
        "account",
        "sign-in",
        "users",
        "user",
        "projects",
        "cloud",
        "image-page",
        "volumes",
        "volume",
        "volume-create",
        "volume-snapshots",
        "volume-backups",
        "backups",
    ),
}
"""One of each kind; the other lists and forms are made of the same parts."""


@pytest.mark.parametrize("route", examples(PAGES, *sorted(EACH_RUN)))
def test_page(stack: Stack, page: Page, faults: Faults, new_context: NewContext, route: str) -> None:
    if route == "sign-in":
        page = new_context().new_page()
        faults = Faults(page)
    page.goto(address(stack, route))
    page.wait_for_load_state("networkidle")
    looks.settle(page)
    if route == "sign-in":
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    else:
        expect(
            page.get_by_role("navigation", name="Main").or_(page.locator(".console-window"))
        ).to_be_visible()
    assert looks.inspect(page, route, frame=route == "overview") + faults == []


@pytest.mark.parametrize("route", [*NO_PAGES, *sorted(FORMS)])
def test_what_is_called_no_page_is_none(stack: Stack, admin: Browserless, route: str) -> None:
    answer = admin.get(address(stack, route))
    assert "<html" not in answer.text or answer.status >= 400
