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


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with its own data folder."""
    command = [sys.executable, "-c", "import portal.settings"]
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
        ("MERIDIAN_URL", "cloud.example.org"),
        ("MERIDIAN_URL", "https://cloud.example.org/path"),
        ("MERIDIAN_VIRTUALIZATION", "xen"),
        ("MERIDIAN_NETWORK", "10.48.0.0/99"),
        ("MERIDIAN_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_says_which(tmp_path: Path, name: str, value: str) -> None:
    ended = start(tmp_path, **{name: value})
    assert ended.returncode != 0
    assert name in ended.stderr.strip().splitlines()[-1]


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
