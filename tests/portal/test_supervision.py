"""The rendered configuration, read by the very programs that use it."""

import configparser
import shlex
import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from portal import supervision
from portal.supervision import Role


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A data folder of its own, with a space in its name."""
    folder = tmp_path / "my data"
    (folder / "run").mkdir(parents=True)
    settings.DATA_DIR, settings.RUN_DIR = folder, folder / "run"
    settings.REDIS_SOCKET = folder / "run/redis.sock"
    settings.LISTEN = "127.0.0.1:18099"
    return folder


def nginx_accepts(data: Path) -> subprocess.CompletedProcess[str]:
    command = ["nginx", "-t", "-e", "stderr", "-c", str(data / "run/nginx.conf")]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(("proxies", "workers"), [("1", 1), ("2", 2), ("3", 5)])
def test_nginx_accepts_its_configuration(
    data: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, proxies: str, workers: int
) -> None:
    monkeypatch.setenv("MERIDIAN_PROXIES", proxies)
    settings.WEB_WORKERS = workers
    supervision.render()
    tested = nginx_accepts(data)
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr


def test_supervisor_reads_every_command_as_it_was_meant(data: Path) -> None:
    config = configparser.ConfigParser(interpolation=configparser.BasicInterpolation())
    config.read(supervision.render())
    for program in supervision.programs():
        section = config[f"program:{program.name}"]
        assert tuple(shlex.split(section["command"]))[-len(program.arguments) :] == program.arguments
        assert program.name in section["environment"]


def test_own_redis_listens_on_a_socket_only_and_goes_when_another_is_given(
    data: Path, settings: Settings
) -> None:
    redis = next(program for program in supervision.programs() if program.name == "redis")
    assert redis.arguments[redis.arguments.index("--port") + 1] == "0"
    settings.REDIS_URL = "redis://localhost"
    assert "redis" not in [program.name for program in supervision.programs()]


def test_a_portal_and_a_host_have_all_programs_between_them(data: Path) -> None:
    portal, host, every = (
        [program.name for program in supervision.programs(only)] for only in (Role.PORTAL, Role.HOST, None)
    )
    assert set(host) == {"worker", "watch", "console"}
    assert sorted(portal + host) == sorted(every)
    config = configparser.ConfigParser(interpolation=configparser.BasicInterpolation())
    config.read(supervision.render(Role.HOST))
    assert [section for section in config if section.startswith("program:")] == [
        f"program:{name}" for name in host
    ]
    assert config["group:portal"]["programs"].split(",") == host


@pytest.mark.parametrize("name", ["a$b", 'quo"te', "per%cent", "new\nline", "it's"])
def test_a_folder_that_would_be_misread_is_refused(tmp_path: Path, settings: Settings, name: str) -> None:
    settings.RUN_DIR = tmp_path / name
    with pytest.raises(ImproperlyConfigured, match="MERIDIAN_DATA"):
        supervision.render()


def test_a_folder_too_deep_for_sockets_is_refused(tmp_path: Path, settings: Settings) -> None:
    settings.RUN_DIR = tmp_path / ("deep" * 30)
    with pytest.raises(ImproperlyConfigured, match="shorter"):
        supervision.render()
