"""The screen behind an address that the Compute API gave out."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_it_needs_no_session_and_knows_no_pass() -> None:
    answer = Client().get("/remote-console/?path=console%2F%3Ftoken%3Dsecret")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "noVNC" in page
    assert "secret" not in page
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies.get("session")


def test_it_takes_no_posts() -> None:
    assert Client().post("/remote-console/").status_code == 405
