"""The address that the Compute API gives out, in the browser of somebody who never signed in."""

import json
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import verbs
from tests.stack import PASSWORD, Stack, wait_for

BANNER = 15_000
WISH = {"remote_console": {"protocol": "vnc", "type": "novnc"}}


def test_it_shows_the_screen_once(stack: Stack, linux: str, stranger: Page) -> None:
    address = _address(stack, stack.instance(linux)["uuid"])
    stranger.goto(address)
    wait_for(lambda: _looked(stranger) > BANNER, "the guest's banner on the screen", 120)
    stranger.goto("about:blank")
    stranger.goto(address)
    expect(stranger.get_by_text("This address works once")).to_be_visible()
    assert verbs.lit_pixels(stranger) == 0


def _looked(page: Page) -> int:
    page.wait_for_timeout(200)
    return verbs.lit_pixels(page)


def _address(stack: Stack, uuid: str) -> str:
    """As a script gets it."""
    user = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    identity = {"methods": ["password"], "password": {"user": user}}
    answer = _post(
        stack, "/identity/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}}, headers={}
    )
    headers = {"X-Auth-Token": answer.headers["X-Subject-Token"], "X-OpenStack-Nova-API-Version": "2.6"}
    shown = _post(stack, f"/compute/v2.1/servers/{uuid}/remote-consoles", WISH, headers=headers)
    return str(json.load(shown)["remote_console"]["url"])


def _post(stack: Stack, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    request = urllib.request.Request(
        stack.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"} | headers
    )
    return urllib.request.urlopen(request, timeout=30)
