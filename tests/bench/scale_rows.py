"""`main` runs in a process with the installation's settings: it fills one project, with as many rows as BENCH_SCALE says."""

import json
import os
import sys
from datetime import timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import AuditEvent, User, UserSession
from compute.engine.models import Hold, Operation
from compute.instances.models import Instance
from tests.bench import rows

BATCH = 2_000


def main() -> None:
    """Write the name of a member of the project."""
    scale = json.loads(os.environ["BENCH_SCALE"])
    user = rows.fill(scale["instances"])
    operations(user, scale["operations"])
    events(user, scale["audit events"])
    sessions(user, scale["sessions"])
    sys.stdout.write(user.name)


def operations(user: User, count: int) -> None:
    """All ended, spread over the project's instances."""
    instances = list(Instance.objects.filter(project=user.default_project).values_list("pk", flat=True))
    for first in range(0, count, BATCH):
        made = Operation.objects.bulk_create(
            Operation(
                kind="instance.stop",
                project=user.default_project,
                user=user,
                subject_type="instance",
                subject_id=instances[number % len(instances)],
                state=Operation.State.SUCCEEDED,
                due_at=timezone.now(),
                finished_at=timezone.now(),
            )
            for number in range(first, min(first + BATCH, count))
        )
        Hold.objects.bulk_create(
            Hold(operation=row, resource_type="instance", resource_id=row.subject_id) for row in made
        )


def events(user: User, count: int) -> None:
    AuditEvent.objects.bulk_create(
        (
            AuditEvent(
                user_id=user.id,
                user_name=user.name,
                project_id=str(user.default_project_id),
                action="instance.stop",
                outcome="succeeded",
            )
            for _number in range(count)
        ),
        batch_size=BATCH,
    )


def sessions(user: User, count: int) -> None:
    data, now = SessionStore().encode({SESSION_KEY: str(user.pk)}), timezone.now()
    keys = [f"bench-{number}" for number in range(count)]
    Session.objects.bulk_create(
        (Session(session_key=key, session_data=data, expire_date=now + timedelta(days=1)) for key in keys),
        batch_size=BATCH,
    )
    UserSession.objects.bulk_create(
        (UserSession(session_id=key, user=user, seen_at=now) for key in keys), batch_size=BATCH
    )
