"""What tests of all layers share: a private database file, a private Redis, and the cast.

The cast: alice and bob are members, of the projects blue and red; ruth reads blue, max manages it; root
administers everything. Each has a fixture of their user, and one of their context: `as_alice`, `as_bob`, …
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import override_settings

from accounts.context import Context, for_user
from accounts.models import Project, User
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts
from portal import file_storage, shared_cache
from tests import factories, migrated
from tests.console_process import console_process
from tests.postgres import Cluster, cluster
from tests.redis_server import running as redis_running


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """SQLite's tables are there already, see below."""
    return connections["default"].vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file: several threads see one database and wait for each other, as in real life."""
    default = connections["default"]
    if default.vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        shutil.copyfile(migrated.shared(), file)
        default.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Thousands of tests make and check passwords; what a hash costs in real life is no subject of theirs."""
    with override_settings(PASSWORD_HASHERS=["tests.hashers.QuickArgon2"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def as_strict_as_postgresql() -> Iterator[None]:
    """SQLite takes a zero byte for a character. PostgreSQL does not, and whoever sent it would get a 500."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        values = [value for row in params for value in row] if many else params or ()
        assert not any("\0" in value for value in values if isinstance(value, str)), f"a zero byte: {sql}"
        return execute(sql, params, many, context)

    def watch(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
        if refuse not in connection.execute_wrappers:
            connection.execute_wrappers.append(refuse)

    connection_created.connect(watch)
    yield
    connection_created.disconnect(watch)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """On PostgreSQL the pool must let go before the test database can be dropped."""
    yield
    default = connections["default"]
    default.close()
    if default.vendor == "postgresql":
        default.close_pool()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Path]:
    """A Redis of our own where the settings expect it; the path of its socket.

    Tests that need none do without: broadcasts and hints bear a Redis that is away.
    """
    socket = Path(settings.REDIS_SOCKET)
    with redis_running(socket):
        shared_cache.reset()  # tests before may have missed it
        yield socket


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of our own, for tests that must hold on both databases."""
    with cluster() as running:
        yield running


@pytest.fixture
def own_host(db: None) -> Iterator[Hypervisor]:
    """The host that this machine is, with its console process."""
    with console_process() as host:
        yield host


@pytest.fixture
def blue(db: None) -> Project:
    return factories.ProjectFactory(name="blue")


@pytest.fixture
def red(db: None) -> Project:
    return factories.ProjectFactory(name="red")


@pytest.fixture
def alice(blue: Project) -> User:
    """Member of blue."""
    return factories.with_role("alice", "member", blue)


@pytest.fixture
def bob(red: Project) -> User:
    """Member of red."""
    return factories.with_role("bob", "member", red)


@pytest.fixture
def ruth(blue: Project) -> User:
    """Reader of blue."""
    return factories.with_role("ruth", "reader", blue)


@pytest.fixture
def max_(blue: Project) -> User:
    """Manager of blue; the underscore keeps Python's `max` free."""
    return factories.with_role("max", "manager", blue)


@pytest.fixture
def root(blue: Project) -> User:
    """Administers the system, and works in blue unless told otherwise."""
    return factories.administrator("root", blue)


@pytest.fixture
def as_alice(alice: User, blue: Project) -> Context:
    return for_user(alice, blue.id, address="192.0.2.1", request_id="req-alice")


@pytest.fixture
def as_bob(bob: User, red: Project) -> Context:
    return for_user(bob, red.id)


@pytest.fixture
def as_ruth(ruth: User, blue: Project) -> Context:
    return for_user(ruth, blue.id)


@pytest.fixture
def as_max(max_: User, blue: Project) -> Context:
    return for_user(max_, blue.id)


@pytest.fixture
def as_root(root: User, blue: Project) -> Context:
    return for_user(root, blue.id)


@pytest.fixture
def image_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of this test's own for the files of images."""
    monkeypatch.setattr(hosts, "IMAGES", tmp_path)
    with override_settings(STORAGES=settings.STORAGES | {"images": file_storage.storage("IMAGES", tmp_path)}):
        yield tmp_path
