"""Queries for instances, each in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q, QuerySet

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from accounts.models import Project
from accounts.models.one_of import OneOf
from accounts.names import is_text
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.models.instance import InstanceQuerySet
from compute.instances.states import VmState
from compute.networks.models import Network, Port
from compute.volumes.models import Attachment

SORTS = {
    "": ["-created_at", "id"],
    "name": ["name", "id"],
    "-name": ["-name", "id"],
    "status": ["vm_state", "name", "id"],
    "-status": ["-vm_state", "name", "id"],
    "created": ["created_at", "id"],
    "-created": ["-created_at", "id"],
    "vcpus": ["vcpus", "ram_mib", "id"],
    "-vcpus": ["-vcpus", "-ram_mib", "id"],
    "ram": ["ram_mib", "id"],
    "-ram": ["-ram_mib", "id"],
}

_IDLE = Q(task_state=None)
_STATES: dict[str, tuple[VmState, ...]] = {
    "active": (VmState.ACTIVE, VmState.RESCUED, VmState.RESIZED),
    "stopped": (VmState.STOPPED, VmState.SHELVED),
    "error": (VmState.ERROR,),
}
_FILTER_OF = {state: name for name, states in _STATES.items() for state in states}
STATUSES: dict[str, Q] = {
    **{name: Q(vm_state__in=states) & _IDLE for name, states in _STATES.items()},
    "busy": ~_IDLE,
    "other": ~Q(vm_state__in=list(_FILTER_OF)) & _IDLE,
}
"""{filter: condition}. Each instance meets exactly one, so that the counts add up."""

_LISTED = (
    *("name", "vm_state", "task_state", "fault", "boot_stage", "locked", "launched_at", "hypervisor"),
    *("flavor_name", "vcpus", "ram_mib", "created_at"),
)
_NOT_IN_APIS = (
    *("public_key", "scheduler_hints", "resized_from", "agent", "headroom", "boot_stage", "booted_at"),
    *("restore_to", "rescue_image", "shelved_image", "keyboard", "expires_at", "expiry_warned_at", "version"),
    *("current_snapshot", "snapshot_count"),
)


def page(
    context: Context,
    *,
    search: str = "",
    status: str = "",
    sort: str = "",
    all_projects: bool = False,
    project: str = "",
    number: int = 1,
    size: int = 50,
    in_bin: bool = False,
    details: bool = False,
    counted: Mapping[str, int] | None = None,
) -> "Page[Instance]":
    """Return one page of instances with their ports, hosts and open operations. Raise Forbidden.

    They come with what a list shows, in all projects with their owners too; with `details`, with all that actions ask.
    `search` matches part of a name or address, or a whole id. In all projects it matches part of a user's name too.
    `project` is an id. Unknown filters and sorts have no effect. What `counts` has told, as
    `counted`, is not counted again.
    """
    policy.enforce(context, "instance:read")
    rows = Instance.objects.visible_to(context, all_projects=all_projects)
    rows = _with_details(rows) if details else _for_list(rows, owners=all_projects)
    rows = rows.in_recycle_bin() if in_bin else rows.present()
    if search := search.strip():
        rows = (
            rows.filter(_matching(search, users=all_projects)).distinct() if is_text(search) else rows.none()
        )
    if status in STATUSES:
        rows = rows.filter(STATUSES[status])
    if is_text(project, 64):
        rows = rows.filter(project=project)
    rows = rows.order_by(*SORTS.get(sort, SORTS[""]))
    paginator = Paginator(rows, size)
    if counted and not (search or project):
        paginator.count = counted[status if status in STATUSES else "total"]
    return paginator.get_page(number)


def get(context: Context, instance_id: UUID | str) -> Instance:
    """Return one instance that is not deleted, with the details of `page`. Raise Forbidden, NotFound."""
    policy.enforce(context, "instance:read")
    return _with_details(Instance.objects.existing()).reach(context, pk=instance_id)


def get_present(context: Context, instance_id: UUID | str) -> Instance:
    """Return one instance outside the recycle bin, which API clients take for deleted. Raise Forbidden, NotFound."""
    instance = get(context, instance_id)
    if instance.vm_state == VmState.SOFT_DELETED:
        raise NotFound
    return instance


def get_with_deleted(context: Context, instance_id: UUID | str) -> Instance:
    """Return one instance, also if it is deleted, as long as its row is kept. Raise Forbidden, NotFound."""
    policy.enforce(context, "instance:read")
    return Instance.objects.reach(context, pk=instance_id)


def visible_to(
    context: Context,
    condition: Q,
    *,
    all_projects: bool = False,
    deleted: bool | None = False,
    details: bool = True,
) -> InstanceQuerySet:
    """Return the instances that meet the condition, also those in the recycle bin, as APIs show them.

    They come with all that the asker may read of them in detail, or else with their names alone. With `deleted`, return
    deleted ones instead, for administrators only; None returns both. Raise Forbidden.
    """
    policy.enforce(context, "instance:read")
    if all_projects or deleted:
        policy.enforce(context, "instance:read_host")
    rows = Instance.objects.visible_to(context, all_projects=all_projects).filter(condition)
    if deleted is not None:
        rows = rows.filter(vm_state=VmState.DELETED) if deleted else rows.existing()
    return _for_apis(context, rows) if details else rows.only("name")


def by_ids(context: Context, ids: Iterable[str]) -> list[Instance]:
    """Return the instances of these ids that the asker may see, with details. Ignore other ids."""
    rows = Instance.objects.existing().visible_to(context, all_projects=True)
    return list(_with_details(rows.filter(pk__in=[key for key in ids if _is_uuid(key)])))


def counts(context: Context, *, all_projects: bool = False) -> dict[str, int]:
    """Return the numbers of instances by status of `STATUSES`, and `total`. Raise Forbidden. One query."""
    policy.enforce(context, "instance:read")
    rows = Instance.objects.visible_to(context, all_projects=all_projects).present()
    numbers = dict.fromkeys([*STATUSES, "total"], 0)
    # An index has all of it: no row is read.
    groups = rows.order_by().values_list("vm_state", "task_state").annotate(Count("vm_state"))
    for vm_state, task_state, number in groups:
        numbers["busy" if task_state else _FILTER_OF.get(VmState(vm_state), "other")] += number
        numbers["total"] += number
    return numbers


def count_in_recycle_bin(context: Context) -> int:
    """Return the number of the project's instances in the recycle bin. Raise Forbidden. One query."""
    policy.enforce(context, "instance:read")
    return Instance.objects.visible_to(context).in_recycle_bin().count()


def projects_with_any(context: Context) -> list[str]:
    """Return the ids of the projects that have instances, be it in the recycle bin. Raise Forbidden. One query."""
    policy.enforce(context, "instance:read_host")
    return list(Instance.objects.existing().order_by().values_list("project", flat=True).distinct())


def count(context: Context, project: Project) -> int:
    """Return the number of the project's instances outside the recycle bin that the asker may see. Raise Forbidden."""
    policy.enforce(context, "instance:read")
    rows = Instance.objects.visible_to(context, all_projects=True).filter(project=project)
    return rows.present().count()


def _matching(search: str, *, users: bool) -> Q:
    condition = Q(name__icontains=search) | Q(ports__address__contains=search)
    if users:
        condition |= Q(user__name__icontains=search)
    try:
        return condition | Q(pk=UUID(search))
    except ValueError:
        return condition


def _for_list(rows: InstanceQuerySet, *, owners: bool) -> InstanceQuerySet:
    """Return the rows with no more than a list shows, since what is read for each of its rows is most of its time."""
    rows = rows.only(*_LISTED)
    if owners:
        rows = rows.only(*_LISTED, "project", "user").select_related("project", "user")
    # Many instances share a host, so it is read once and not with each.
    host = Prefetch("hypervisor", Hypervisor.objects.only("state"))
    return rows.prefetch_related(host).reading(_read_addresses).with_open_operations()


def _for_apis(context: Context, rows: InstanceQuerySet) -> InstanceQuerySet:
    """Return the rows with no more than APIs say of them, in four queries more: a page of theirs has many rows."""
    if not policy.allows(context, "instance:read_host"):
        rows = rows.defer("user_data")
    rows = rows.defer(*_NOT_IN_APIS).prefetch_related("hypervisor")
    return rows.reading(_read_interfaces).reading(_read_attachments)


def _with_details(rows: InstanceQuerySet) -> InstanceQuerySet:
    """Return the rows with the details that lists show, in a constant number of queries."""
    rows = rows.select_related("project", "user", "image", "hypervisor", "server_group")
    return rows.reading(_read_ports).with_open_operations()


def _read_ports(instances: list[Instance]) -> None:
    _set_ports(instances, Port.objects.select_related("network"))


def _read_addresses(instances: list[Instance]) -> None:
    """Set no more of the ports than their addresses."""
    _set_ports(instances, Port.objects.only("instance", "address"))


def _read_interfaces(instances: list[Instance]) -> None:
    """Set the ports with what APIs say of them. Many share a network, so each is read once, by one query for all."""
    ports = _set_ports(instances, Port.objects.only("instance", "network", "address", "mac"))
    networks = Network.objects.in_bulk({port.network_id for port in ports})
    for port in ports:
        port.network = networks[port.network_id]


def _read_attachments(instances: list[Instance]) -> None:
    """Set the attachments of volumes of all instances, for `Instance.ordered_attachments`. Costs one query."""
    of_instance = defaultdict(list)
    rows = Attachment.objects.filter(_of_each(instances), released=False)
    for row in rows.order_by("created_at", "pk"):
        of_instance[row.instance_id].append(row)
    for instance in instances:
        instance.ordered_attachments = of_instance[instance.pk]


def _set_ports(instances: list[Instance], rows: "QuerySet[Port]") -> list[Port]:
    """Set the ports of all instances, for `Instance.ordered_ports`, in half the time of a prefetch. Costs one query."""
    rows = rows.filter(_of_each(instances))
    ports = list(rows.order_by("created_at", "pk"))
    of_instance = defaultdict(list)
    for port in ports:
        of_instance[port.instance_id].append(port)
    for instance in instances:
        instance.ordered_ports = of_instance[instance.pk]
    return ports


def _of_each(instances: list[Instance]) -> OneOf:
    return OneOf("instance_id", [instance.pk for instance in instances])


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
