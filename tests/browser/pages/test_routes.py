"""Every page: looked at by axe, and by people in test-artifacts/screenshots."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import looks
from tests.browser.pages.addresses import address
from tests.browser.verbs import Faults
from tests.portal.routes import routes
from tests.stack import Browserless, Stack

NewContext = Callable[..., BrowserContext]

NO_PAGES = {
    "api-schema": "JSON or YAML",
    "front-console": "asked by nginx only",
    "audit-download": "a file",
    "alive": "text for balancers",
    "instance-console-state": "part of the console's page",
    "instance-log-download": "a file",
    "instance-log-text": "text that the log's page adds",
    "instance-screen": "a picture",
    "launch-preview": "takes forms only",
    "oidc": "leads to the provider; test_single_sign_on looks at it",
    "oidc-callback": "leads on at once",
    "operations": "part of every page",
    "operation-cancel": "takes forms only",
    "operation-retry": "takes forms only",
    "palette": "JSON",
    "instance-action": "takes forms only",
    "instances-action": "takes forms only",
    "instances-more": "part of the list",
    "instance-console-pass": "takes forms only",
    "instance-schedule-enabled": "takes forms only",
    "instance-schedule-delete": "takes forms only",
    "credential-delete": "takes forms only",
    "keypair-delete": "takes forms only",
    "server-group-delete": "takes forms only",
    "image-delete": "takes forms only",
    "aggregate-delete": "takes forms only",
    "flavor-delete": "takes forms only",
    "keypair-generate": "takes forms only",
    "preferences": "takes forms only",
    "project-quotas": "takes forms only",
    "quota-request-approve": "takes forms only",
    "quota-request-refuse": "takes forms only",
    "quota-request-withdraw": "takes forms only",
    "quota-requests-waiting": "part of every page",
    "project-switch": "takes forms only",
    "projects-limits": "takes forms only",
    "project-delete": "takes forms only",
    "project-enabled": "takes forms only",
    "user-delete": "takes forms only",
    "user-enabled": "takes forms only",
    "user-unlock": "takes forms only",
    "user-credential-revoke": "takes forms only",
    "group-add": "takes forms only",
    "group-remove": "takes forms only",
    "group-delete": "takes forms only",
    "role-give": "takes forms only",
    "role-take": "takes forms only",
    "role-delete": "takes forms only",
    "domain-enabled": "takes forms only",
    "domain-delete": "takes forms only",
    "sign-out": "takes forms only",
    "account-password": "takes forms only",
    "second-factor-off": "takes forms only",
    "recovery-codes": "takes forms only",
    "session-end": "takes forms only",
    "sessions-end": "takes forms only",
    "user-reset-link": "takes forms only",
    "passkey-ask": "JSON",
    "passkey-add": "JSON",
    "passkey-delete": "takes forms only",
    "sign-in-passkey": "JSON",
    "sign-in-passkey-ask": "JSON",
    "user-second-factor-off": "takes forms only",
    "choose-password": "gone once used; test_second_factor looks at it",
    "setup": "gone once used; test_first_vm looks at it",
}
ROUTES = sorted({route.name for route in routes()})


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in NO_PAGES])
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
    assert looks.inspect(page, route) + faults == []


@pytest.mark.parametrize("route", NO_PAGES)
def test_what_is_called_no_page_is_none(stack: Stack, admin: Browserless, route: str) -> None:
    answer = admin.get(address(stack, route))
    assert "<html" not in answer.text or answer.status >= 400
