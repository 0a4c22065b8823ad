"""The history of operations, for pages."""

from django.db.models.functions import Coalesce

from accounts import policy
from accounts.context import Context
from accounts.keyset import Key, Part, part
from compute.engine.models import Operation
from compute.instances.models import Instance


def recent(
    context: Context,
    *,
    instance: Instance | None = None,
    before: Key | None = None,
    size: int = 25,
    all_projects: bool = False,
) -> Part[Operation]:
    """Return operations behind `before`, newest first, with user and instance; of one instance if given."""
    policy.enforce(context, "activity:read")
    rows = Operation.objects.visible_to(context, all_projects=all_projects or instance is not None)
    if instance is not None:
        rows = rows.filter(instance=instance)
    return part(rows.select_related("user", "instance", "project"), "created_at", before=before, size=size)


def in_progress(context: Context) -> list[Operation]:
    """Return open operations of the current project, oldest first."""
    rows = Operation.objects.open().visible_to(context).select_related("instance")
    # Of the bare column there is an index, and SQLite would walk all ended operations in it to spare itself the sort.
    return list(rows.order_by(Coalesce("created_at", "due_at"))[:20])


def of_instance(context: Context, instance: Instance) -> list[Operation]:
    """Return all operations of an instance that the caller may see, newest first."""
    policy.enforce(context, "activity:read")
    return list(instance.operations.select_related("instance__hypervisor").order_by("-sequence"))
