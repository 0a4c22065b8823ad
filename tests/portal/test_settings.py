"""Settings come from one table, which the README shows and which refuses what it cannot use."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env

ROOT = Path(env.BASE_DIR)


def readme_table() -> list[tuple[str, str, str]]:
    """Name, default and purpose of every row of the README's table of settings."""
    row = re.compile(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\| (.*) \|$", re.MULTILINE)
    return row.findall((ROOT / "README.md").read_text())


def start(tmp_path: Path, then: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with its own data folder."""
    command = [sys.executable, "-c", f"import portal.settings as s{then}"]
    own = {"PATH": os.environ["PATH"], "MERIDIAN_DATA": str(tmp_path / "data"), **environment}
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=60, check=False)


def test_readme_shows_exactly_the_options() -> None:
    assert readme_table() == [(option.name, option.default, option.help) for option in env.OPTIONS]


def test_every_option_works_without_being_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in env.OPTIONS:
        monkeypatch.delenv(option.name, raising=False)
        assert isinstance(env.read(option.name), option.type), option.name


@pytest.mark.parametrize(
    "option", [option for option in env.OPTIONS if option.type is int], ids=lambda o: o.name
)
@pytest.mark.parametrize("value", ["many", "1.5", "NaN", ""])
def test_what_is_no_whole_number_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, option: env.Option, value: str
) -> None:
    monkeypatch.setenv(option.name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{option.name}=.*whole number"):
        env.read(option.name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MERIDIAN_WORKERS", "two"),
        ("MERIDIAN_WORKERS", "0"),
        ("MERIDIAN_WEB_WORKERS", "-1"),
        ("MERIDIAN_URL", "cloud.example.org"),
        ("MERIDIAN_URL", "https://cloud.example.org/path"),
        ("MERIDIAN_VIRTUALIZATION", "xen"),
        ("MERIDIAN_CONSOLE_LISTEN", "0.0.0.0:8100"),
        ("MERIDIAN_CONSOLE_LISTEN", "lab-2:8100"),
        ("MERIDIAN_CONSOLE_LISTEN", "10.0.0.5"),
        ("MERIDIAN_CONSOLE_LISTEN", "10.0.0.5:65535"),
        ("MERIDIAN_NETWORK", "10.48.0.0/99"),
        ("MERIDIAN_LOG_LEVEL", "LOUD"),
        ("MERIDIAN_DEBUG", "perhaps"),
        ("MERIDIAN_AUDIT_DAYS", "-1"),
        ("MERIDIAN_IMPORT_PORTS", "80,http"),
        ("MERIDIAN_IMPORT_PORTS", "65536"),
        ("MERIDIAN_IMPORT_NETWORKS", "10.0.0.1/24"),
        ("MERIDIAN_OPERATION_DAYS", "99999999999"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_says_which(tmp_path: Path, name: str, value: str) -> None:
    ended = start(tmp_path, **{name: value})
    assert ended.returncode != 0
    assert name in ended.stderr.strip().splitlines()[-1]


LDAP = {"MERIDIAN_LDAP_URL": "ldap://ldap.example.org", "MERIDIAN_LDAP_BASE": "ou=people,dc=example,dc=org"}
S3 = {"MERIDIAN_IMAGES_BUCKET": "images"}
OIDC = {"MERIDIAN_OIDC_ISSUER": "https://login.example.org", "MERIDIAN_OIDC_CLIENT_ID": "meridian"}


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        (LDAP | {"MERIDIAN_LDAP_URL": "ldap.example.org"}, "MERIDIAN_LDAP_URL"),
        (LDAP | {"MERIDIAN_LDAP_BASE": " "}, "MERIDIAN_LDAP_BASE"),
        (LDAP | {"MERIDIAN_LDAP_FILTER": "objectClass=person"}, "MERIDIAN_LDAP_FILTER"),
        (LDAP | {"MERIDIAN_LDAP_CA_FILE": "/nothing/here"}, "MERIDIAN_LDAP_CA_FILE"),
        (LDAP | {"MERIDIAN_LDAP_PASSWORD_FILE": "/nothing/here"}, "MERIDIAN_LDAP_PASSWORD_FILE"),
        (LDAP | {"MERIDIAN_LDAP_STARTTLS": "perhaps"}, "MERIDIAN_LDAP_STARTTLS"),
        (LDAP | {"MERIDIAN_LDAP_GROUPS": "x" * 65}, "MERIDIAN_LDAP_GROUPS"),
        (OIDC | {"MERIDIAN_OIDC_ISSUER": "http://login.example.org"}, "MERIDIAN_OIDC_ISSUER"),
        (OIDC | {"MERIDIAN_OIDC_CLIENT_ID": ""}, "MERIDIAN_OIDC_CLIENT_ID"),
        (OIDC | {"MERIDIAN_OIDC_SECRET_FILE": "/nothing/here"}, "MERIDIAN_OIDC_SECRET_FILE"),
        (S3 | {"MERIDIAN_IMAGES_BUCKET_URL": "s3.example.org"}, "MERIDIAN_IMAGES_BUCKET_URL"),
        (S3 | {"MERIDIAN_IMAGES_BUCKET_KEY": "id"}, "MERIDIAN_IMAGES_BUCKET_SECRET_FILE"),
        (S3 | {"MERIDIAN_IMAGES_BUCKET_SECRET_FILE": "/nothing/here"}, "MERIDIAN_IMAGES_BUCKET_SECRET_FILE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_setting_of_a_service_elsewhere_stops_the_start(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    ended = start(tmp_path, **environment)
    assert ended.returncode != 0
    assert name in ended.stderr.strip().splitlines()[-1]


def test_signing_in_elsewhere_is_off_until_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    shown = "; print(s.LDAP, s.OIDC)"
    for environment, expected in (
        ({}, ["None None"]),
        (LDAP, ["LdapServer(url='ldap://ldap.example.org', starttls=True", "None"]),
        (
            OIDC | {"MERIDIAN_OIDC_SECRET_FILE": str(tmp_path / "secret")},
            ["None OidcProvider(issuer='https://login.example.org'"],
        ),
    ):
        ended = start(tmp_path, shown, **environment)
        assert all(part in ended.stdout for part in expected), ended.stderr
        assert "hidden" not in ended.stdout


def test_the_secret_key_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    assert start(tmp_path).returncode == 0
    kept = tmp_path / "data/secret-key"
    first = kept.read_text()
    assert len(first) >= 50
    assert kept.stat().st_mode & 0o777 == 0o600
    assert start(tmp_path).returncode == 0
    assert kept.read_text() == first


def test_the_data_folder_is_closed_to_others(tmp_path: Path) -> None:
    assert start(tmp_path).returncode == 0
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
