"""What a person does on a page, and reads there."""

import json
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

HTMX = {"HX-Request": "true"}


def post(browser: Client, address: str, **fields: Any) -> Any:
    """As a button of the page does."""
    return browser.post(address, fields, headers=HTMX)


def said(answer: Any) -> str:
    """The toast of an answer."""
    return str(json.loads(answer.headers["HX-Trigger"])["toast"]["text"])


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)
