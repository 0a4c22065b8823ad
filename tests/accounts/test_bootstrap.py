"""`manage.py bootstrap` and `setup_link`: set-up without a browser."""

import io
import os
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Assignment, User

pytestmark = pytest.mark.django_db

GOOD = "correct horse battery staple"


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    settings.PUBLIC_URL = "https://cloud.example.org"
    return tmp_path


def bootstrap(data: Path, password: str, name: str = "root") -> str:
    (data / "password").write_text(password + "\n")
    said = io.StringIO()
    call_command("bootstrap", admin=name, password_file=str(data / "password"), stdout=said)
    return said.getvalue()


def test_it_makes_the_administrator_and_a_file_for_clients(data: Path) -> None:
    assert "https://cloud.example.org" in bootstrap(data, GOOD)
    assert User.objects.get(name="root").check_password(GOOD)
    file = data / "clouds.yaml"
    assert file.stat().st_mode & 0o777 == 0o600
    clouds = yaml.safe_load(file.read_text())["clouds"]
    assert {name: cloud["auth"]["project_name"] for name, cloud in clouds.items()} == {
        "meridian-admin": "admin",
        "meridian-demo": "demo",
    }
    assert clouds["meridian-admin"]["auth"]["auth_url"] == "https://cloud.example.org/identity/v3"
    assert clouds["meridian-admin"]["auth"]["password"] == GOOD


def test_again_it_adds_nothing_and_keeps_other_clouds(data: Path) -> None:
    bootstrap(data, GOOD)
    file = data / "clouds.yaml"
    content = yaml.safe_load(file.read_text())
    content["clouds"]["elsewhere"] = {"region_name": "there"}
    file.write_text(yaml.safe_dump(content))
    before = User.objects.count(), Assignment.objects.count()
    bootstrap(data, GOOD + "!")
    assert (User.objects.count(), Assignment.objects.count()) == before
    clouds = yaml.safe_load(file.read_text())["clouds"]
    assert clouds["elsewhere"] == {"region_name": "there"}
    assert clouds["meridian-demo"]["auth"]["password"] == GOOD + "!"
    assert sorted(os.listdir(data)) == ["clouds.yaml", "password"]


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "too short"), ("", "empty"), ("1234567890123", "numeric"), ("password1234", "common")],
)
def test_a_weak_password_is_refused_with_the_reason(data: Path, password: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        bootstrap(data, password)
    assert not User.objects.filter(name="root").exists()
    assert not (data / "clouds.yaml").exists()


def test_a_missing_password_file_is_named(data: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("bootstrap", admin="root", password_file=str(data / "nowhere"))


def test_the_link_ends_with_set_up(data: Path) -> None:
    said = io.StringIO()
    call_command("setup_link", stdout=said)
    assert said.getvalue().startswith("https://cloud.example.org/setup/")
    bootstrap(data, GOOD)
    said = io.StringIO()
    call_command("setup_link", stdout=said)
    assert "done" in said.getvalue()
