"""Of two who take one name at the same time, one gets it and the other reads why not."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.context import Context
from accounts.errors import Conflict
from accounts.models import Endpoint, Project
from accounts.services import (
    application_credentials,
    catalog,
    domains,
    groups,
    projects,
    roles,
    stored_credentials,
    users,
)
from accounts.services.saving import save_unique
from compute.hosts.services import aggregates
from compute.instances.services import flavors, keypairs

NAME = {"name": "taken"}
EC2 = {"type": "ec2", "blob": '{"access": "taken", "secret": "x"}'}
SIZE = {"vcpus": 1, "ram_mib": 64, "disk_gib": 1}

CREATE: dict[str, Callable[[Context], object]] = {
    "user": lambda context: users.create(context, NAME),
    "group": lambda context: groups.create(context, NAME),
    "project": lambda context: projects.create(context, NAME),
    "domain": lambda context: domains.create(context, NAME),
    "role": lambda context: roles.create(context, NAME),
    "region": lambda context: catalog.create_region(context, {"id": "taken"}),
    "credential": lambda context: application_credentials.create(context, context.user.id, NAME),
    "EC2 key": lambda context: stored_credentials.create(
        context, EC2 | {"project_id": context.project.id if context.project else None}
    ),
    "flavor": lambda context: flavors.create(context, NAME | SIZE),
    "flavor id": lambda context: flavors.create(
        context, {"id": "taken", "name": threading.current_thread().name} | SIZE
    ),
    "aggregate": lambda context: aggregates.create(context, "taken"),
    "key pair": lambda context: keypairs.generate(context, "taken"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("noun", CREATE)
def test_the_second_of_two_at_once_reads_why(noun: str, as_root: Context) -> None:
    """The second has looked for the name while the first had not committed; both had found it free."""
    held, errors = threading.Event(), []

    def second() -> None:
        held.wait(30)
        try:
            CREATE[noun](as_root)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reads it
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=second, name="second")
    thread.start()
    with transaction.atomic():
        CREATE[noun](as_root)
        held.set()
        _await_waiting()
    thread.join(30)
    [error] = errors
    assert isinstance(error, Conflict)
    assert "already" in str(error)


def test_other_broken_rules_stay_what_they_are(blue: Project) -> None:
    """Only a taken name is the asker's fault; anything else is a bug of ours."""
    with pytest.raises(IntegrityError):
        save_unique(Endpoint(service_id=None, interface="public", url="/"), "There is one already.")


@pytest.mark.parametrize("noun", ["user", "group", "project", "domain", "role", "aggregate"])
def test_a_rename_to_a_taken_name_is_refused(noun: str, as_root: Context) -> None:
    CREATE[noun](as_root)
    change: dict[str, Callable[[], object]] = {
        "user": lambda: users.update(as_root, users.create(as_root, {"name": "other"}).id, NAME),
        "group": lambda: groups.update(as_root, groups.create(as_root, {"name": "other"}).id, NAME),
        "project": lambda: projects.update(as_root, projects.create(as_root, {"name": "other"}).id, NAME),
        "domain": lambda: domains.update(as_root, domains.create(as_root, {"name": "other"}).id, NAME),
        "role": lambda: roles.update(as_root, roles.create(as_root, {"name": "other"}).id, NAME),
        "aggregate": lambda: aggregates.update(as_root, aggregates.create(as_root, "other").pk, NAME),
    }
    with pytest.raises(Conflict, match="already"):
        change[noun]()


def _await_waiting() -> None:
    """Wait until another connection waits for our transaction; SQLite has one writer at a time anyway."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for _attempt in range(600):
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nobody came to wait")
