"""At a browser's first visit the page brings its styles along; later they are a file that is there already."""

import re

import pytest
from django.conf import settings as of_tests
from django.test import Client
from pytest_django import Settings

from portal import page_styles
from tests import static_files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _bundles(settings: Settings) -> None:
    settings.STATIC_ROOT = static_files.shared(of_tests.STATIC_VERSION)


def test_the_first_page_is_whole_and_the_next_has_a_link(client: Client) -> None:
    first = client.get("/sign-in/")
    content = first.content.decode()
    nonce = re.search(r'<style nonce="([^"]+)"', content)
    assert nonce is not None
    assert f"'nonce-{nonce.group(1)}'" in first["Content-Security-Policy"]
    assert "url(../" not in content
    assert f"url({of_tests.STATIC_URL}fonts/" in content
    assert 'rel="stylesheet"' not in content
    assert f'data-file="{of_tests.STATIC_URL}css/meridian.css"' in content
    assert first.cookies[page_styles.COOKIE]["httponly"]

    second = client.get("/sign-in/")
    assert "<style" not in second.content.decode()
    assert f'<link rel="stylesheet" href="{of_tests.STATIC_URL}css/meridian.css"' in second.content.decode()
    assert page_styles.COOKIE not in second.cookies


def test_a_new_version_is_brought_along_anew(client: Client) -> None:
    client.cookies[page_styles.COOKIE] = "0123456789"
    assert "<style" in client.get("/sign-in/").content.decode()


def test_what_is_no_page_has_none(client: Client) -> None:
    assert page_styles.COOKIE not in client.get("/identity/v3").cookies
    assert page_styles.COOKIE not in client.get("/alive/").cookies
