"""Retention of instances' rows."""

from typing import Any

from django.db.models import QuerySet

from accounts.services.retention import Rule
from compute.instances.models import ConsoleToken, Instance, InstanceSnapshot
from compute.instances.services import consoles
from compute.instances.states import VmState
from compute.volumes.states import SnapshotState

_DELETED = Instance.objects.filter(vm_state=VmState.DELETED)


def _forget_user_data(rows: QuerySet[Any, Any]) -> None:
    rows.update(user_data="")


RULES = (
    Rule(
        name="user_data",
        rows=_DELETED.exclude(user_data=""),
        since="deleted_at",
        setting="USER_DATA_DAYS",
        remove=_forget_user_data,
    ),
    Rule(name="deleted_instances", rows=_DELETED, since="deleted_at", setting="DELETED_DAYS"),
    Rule(
        name="deleted_instance_snapshots",
        rows=InstanceSnapshot.objects.filter(status=SnapshotState.DELETED),
        since="updated_at",
        setting="DELETED_DAYS",
    ),
    Rule(
        name="console_tokens",
        rows=ConsoleToken.objects.all(),
        since="expires_at",
        grace=consoles.TOKEN_LIFETIME,
    ),
)
