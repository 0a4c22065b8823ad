"""The real Keystone from PyPI, as a peer: under uwsgi, on PostgreSQL, with a cache that its processes share."""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import redis_server
from tests.ports import free_port
from tests.postgres import Cluster
from tests.stack import PASSWORD, wait_for
from tests.venvs import venv_of

REQUIREMENTS = Path(__file__).with_name("keystone.txt")
ROUNDS = 4
"""Of bcrypt, the fewest: what is measured is all the rest."""

CONFIGURATION = """
[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = postgresql+psycopg2://{user}@/{database}?host={host}
[cache]
enabled = true
backend = dogpile.cache.redis
backend_argument = url:unix://{folder}/redis.sock
[token]
provider = fernet
[fernet_tokens]
key_repository = {folder}/fernet-keys
[credential]
key_repository = {folder}/credential-keys
[identity]
password_hash_rounds = {rounds}
"""


@contextmanager
def keystone(cluster: Cluster, folder: Path, processes: int) -> Iterator[str]:
    """Start it; the address of its version 3. Its administrator is ours: the same names and password."""
    programs = venv_of(REQUIREMENTS)
    user, _at, place = cluster.create("keystone").removeprefix("postgres://").partition("@/")
    host, _slash, database = place.rpartition("/")
    (folder / "keystone.conf").write_text(
        CONFIGURATION.format(folder=folder, user=user, host=host, database=database, rounds=ROUNDS)
    )
    for name in ("fernet-keys", "credential-keys"):
        (folder / name).mkdir(mode=0o700)
    port = free_port()
    address = f"http://127.0.0.1:{port}/v3"
    with redis_server.running(folder / "redis.sock"):
        _set_up(programs, folder, address)
        command = [
            programs / "uwsgi",
            *("--http-socket", f"127.0.0.1:{port}", "--module", "keystone.wsgi.api:application"),
            *("--virtualenv", programs.parent, "--master", "--processes", str(processes), "--threads", "1"),
            *("--enable-threads", "--lazy-apps", "--buffer-size", "65535", "--disable-logging"),
            "--die-on-term",
        ]
        with _started(command, folder / "uwsgi.log", OS_KEYSTONE_CONFIG_DIR=str(folder)):
            wait_for(lambda: _answers(address), f"Keystone; see {folder / 'uwsgi.log'}", 90, pause=0.5)
            yield address


@contextmanager
def _started(command: list[str | Path], log: Path, **environment: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _set_up(programs: Path, folder: Path, address: str) -> None:
    owner = ["--keystone-user", "root", "--keystone-group", "root"]
    urls = [word for kind in ("admin", "internal", "public") for word in (f"--bootstrap-{kind}-url", address)]
    for arguments in (
        ["db_sync"],
        ["fernet_setup", *owner],
        ["credential_setup", *owner],
        ["bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", "RegionOne", *urls],
    ):
        _manage(programs, folder, arguments)


def _manage(programs: Path, folder: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [programs / "keystone-manage", "--config-file", folder / "keystone.conf", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"keystone-manage {arguments[0]}: {done.stderr[-2000:]}"


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=30).close()
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True
