"""The files of a new application credential, read back by those who read them: bash and a YAML parser."""

import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from accounts.models import ApplicationCredential
from accounts.services import credential_files
from tests.hostile import STRANGE_BUT_TRUE_NAMES

FOR_SHELLS = [
    "$(touch owned)",
    "`touch owned`",
    "'; touch owned; '",
    '"; touch owned; "',
    "x\ntouch owned",
    "x\rtouch owned",
    "\\' && touch owned",
    "!! ~ * ? [a] {a,b} $HOME ${IFS}",
    "# no comment",
    "-n",
    "a\tb",
    "EOF",
]


def credential(name: str) -> ApplicationCredential:
    return ApplicationCredential(id="0" * 32, name=name)


@pytest.mark.parametrize("text", [*STRANGE_BUT_TRUE_NAMES, *FOR_SHELLS])
def test_bash_reads_what_was_written_and_runs_nothing(text: str, tmp_path: Path) -> None:
    """The hostile text stands in the name, and in a secret that somebody chose themselves."""
    (tmp_path / "rc.sh").write_bytes(credential_files.rc_file(credential(text), text).encode())
    script = ". ./rc.sh; env -0"
    done = subprocess.run(
        ["bash", "--norc", "-euc", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OS_PASSWORD": "old", "OS_PROJECT_NAME": "old"},
        capture_output=True,
        check=True,
    )
    found = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if "=" in entry)
    assert {name: value for name, value in found.items() if name.startswith("OS_")} == {
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_AUTH_URL": f"{settings.PUBLIC_URL}/identity/v3",
        "OS_APPLICATION_CREDENTIAL_ID": "0" * 32,
        "OS_APPLICATION_CREDENTIAL_NAME": text,
        "OS_APPLICATION_CREDENTIAL_SECRET": text,
        "OS_REGION_NAME": settings.REGION,
        "OS_INTERFACE": "public",
        "OS_IDENTITY_API_VERSION": "3",
    }
    assert (done.stderr, [file.name for file in tmp_path.iterdir()]) == (b"", ["rc.sh"])


@pytest.mark.parametrize("secret", [*STRANGE_BUT_TRUE_NAMES, *FOR_SHELLS, "null", "1e3", "{a: b}", "- x"])
def test_yaml_gives_back_the_secret(secret: str) -> None:
    cloud = yaml.safe_load(credential_files.clouds_yaml(credential("robot"), secret))["clouds"]["meridian"]
    assert cloud["auth"]["application_credential_secret"] == secret
    assert cloud["auth_type"] == "v3applicationcredential"
