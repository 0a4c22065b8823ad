"""At a browser's first visit the page brings its styles along; later they are a file that is there already."""

import re

import pytest
from django.conf import settings as of_tests
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Project, User
from compute.hosts.models import Hypervisor
from portal import first_visit
from tests import static_files
from tests.factories import InstanceFactory
from tests.portal.test_routes import signed_in

STYLES = first_visit.COOKIES["css/meridian.css"]

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
    assert not re.search(r"""url\(["']?\.\./""", content)
    assert re.search(rf'url\("?{of_tests.STATIC_URL}fonts/', content)
    assert 'rel="stylesheet"' not in content
    assert f'data-brought="{of_tests.STATIC_URL}css/meridian.css"' in content
    assert first.cookies[STYLES]["httponly"]

    second = client.get("/sign-in/")
    assert "<style" not in second.content.decode()
    assert f'<link rel="stylesheet" href="{of_tests.STATIC_URL}css/meridian.css"' in second.content.decode()
    assert STYLES not in second.cookies


def test_a_new_version_is_brought_along_anew(client: Client) -> None:
    client.cookies[STYLES] = "0123456789"
    assert "<style" in client.get("/sign-in/").content.decode()


def test_what_is_no_page_has_none(client: Client) -> None:
    assert STYLES not in client.get("/identity/v3").cookies
    assert STYLES not in client.get("/alive/").cookies


def test_a_console_comes_with_its_script_once(alice: User, blue: Project, own_host: Hypervisor) -> None:
    instance = InstanceFactory(project=blue, user=alice, hypervisor=own_host)
    client, address = signed_in(alice), reverse("instance-console", args=[instance.pk])
    file = f"{of_tests.STATIC_URL}js/console.js"
    first = client.get(address)
    assert re.search(
        rf'<script type="module" async nonce="[^"]+" data-brought="{file}">', first.content.decode()
    )
    second = client.get(address).content.decode()
    assert "data-brought" not in second
    assert f'<link rel="modulepreload" href="{file}">' in second
    assert f'data-script="{file}"' in second
