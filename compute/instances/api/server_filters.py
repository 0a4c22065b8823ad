"""The filters of lists of servers, as conditions on rows."""

from collections.abc import Callable
from functools import reduce
from ipaddress import ip_address
from operator import and_, or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Value
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts import policy
from accounts.errors import BadInput
from accounts.names import is_text
from accounts.openstack import expressions
from accounts.openstack.comparisons import time_condition
from accounts.services import inputs
from accounts.services.inputs import FLAGS
from compute.api.base import ComputeView, moment_of
from compute.hosts.models import Hypervisor
from compute.instances import states
from compute.instances.api.json_lists import JsonListContains
from compute.instances.api.server_body import POWER, PROGRESS, SHUT_DOWN
from compute.instances.states import TaskState, VmState
from compute.networks.models import Port

SORTS = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "launched_at": "launched_at",
    "terminated_at": "deleted_at",
    "display_name": "name",
    "name": "name",
    "display_description": "description",
    "uuid": "pk",
    "project_id": "project_id",
    "user_id": "user_id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "key_name": "key_name",
    "image_ref": "image_id",
    "instance_type_id": "flavor_id",
    "host": "hypervisor__name",
    "node": "hypervisor__name",
    "locked": "locked",
}
NOTHING = Q(pk__in=[])


def _regex(column: str) -> Callable[[str], Q]:
    return lambda value: Q(**{f"{column}__regex": expressions.check(value)})


def _address(value: str) -> Q:
    ports = Port.objects.filter(instance=OuterRef("pk"), address__regex=expressions.check(value))
    return Q(Exists(ports))


def _id(column: str) -> Callable[[str], Q]:
    def condition(value: str) -> Q:
        try:
            return Q(**{column: UUID(value.rstrip("/").rpartition("/")[2])})
        except ValueError:
            return NOTHING

    return condition


def _in_recycle_bin(name: str) -> Q:
    """Return the condition of a server in the recycle bin whose id is this name.

    `openstack server restore` searches for the server by this filter. Its own address answers 404, so that clients
    that wait for the deletion finish.
    """
    return _id("pk")(name) & Q(vm_state=VmState.SOFT_DELETED)


def _text(column: str) -> Callable[[str], Q]:
    return lambda value: Q(**{column: value}) if is_text(value) else NOTHING


def _in_zone(zone: str) -> Q:
    """Return the condition of servers on hosts of a zone, or without a host and requested in the zone."""
    if not is_text(zone):
        return NOTHING
    hosts = Q(hypervisor__zone=zone)
    if zone == Hypervisor.DEFAULT_ZONE:
        hosts |= Q(hypervisor__zone="")
    return hosts | Q(hypervisor=None, requested_zone=zone)


def _ip(column: str) -> Callable[[str], Q]:
    def condition(value: str) -> Q:
        try:
            return Q(**{column: str(ip_address(value))})
        except ValueError:
            return NOTHING

    return condition


def _at(column: str) -> Callable[[str], Q]:
    return lambda value: time_condition(column, column, value)


def _is_true(word: str) -> bool:
    return FLAGS.get(word[:8].lower(), False)


def _with_power(power: int) -> Q:
    return Q(vm_state__in=[state for state in VmState if POWER.get(state, SHUT_DOWN) == power])


def _with_progress(progress: int) -> Q:
    conditions = [_status_condition(status) for status, done in PROGRESS.items() if done == progress]
    return reduce(or_, (each for each in conditions if each is not None), NOTHING)


FILTERS: dict[str, Callable[[str], Q]] = {
    "name": lambda value: _regex("name")(value) | _in_recycle_bin(value),
    "display_name": _regex("name"),
    "description": _regex("description"),
    "display_description": _regex("description"),
    "ip": _address,
    "image": _id("image"),
    "image_ref": _id("image"),
    "uuid": _id("pk"),
    "reservation_id": _text("reservation_id"),
    "flavor": _text("flavor_id"),
    "flavor_id": _text("flavor_id"),
    "key_name": _text("key_name"),
    "user_id": _text("user"),
    "task_state": _text("task_state"),
    "vm_state": _text("vm_state"),
    "availability_zone": _in_zone,
    "ip6": lambda value: NOTHING,
    "access_ip_v4": _ip("access_ipv4"),
    "access_ip_v6": _ip("access_ipv6"),
    "auto_disk_config": lambda value: NOTHING if _is_true(value) else Q(),
    "config_drive": lambda value: Q() if _is_true(value) else NOTHING,
    "kernel_id": lambda value: NOTHING,
    "ramdisk_id": lambda value: NOTHING,
    "launch_index": lambda value: Q(launch_index=int(value)),
    "power_state": lambda value: _with_power(int(value)),
    "progress": lambda value: _with_progress(int(value)),
    "created_at": _at("created_at"),
    "launched_at": _at("launched_at"),
    "terminated_at": _at("deleted_at"),
}
FOR_ADMINS: dict[str, Callable[[str], Q]] = {
    "host": _text("hypervisor__name"),
    "node": _text("hypervisor__name"),
    "hypervisor_hostname": _text("hypervisor__name"),
}


def condition(view: ComputeView, query: QueryDict) -> Q:
    """Return the condition of all filters. Unknown and forbidden filters are ignored, as in Nova."""
    is_admin = policy.allows(view.context, "instance:read_host")
    filters = FILTERS | FOR_ADMINS if is_admin else FILTERS
    where = Q()
    for name in query:
        if name in filters and query[name] != "":
            where &= reduce(or_, (filters[name](value) for value in query.getlist(name)))
    if is_admin and inputs.flag(query, "soft_deleted", False):
        where &= Q(vm_state=VmState.SOFT_DELETED)
    elif query.getlist("status") or not asks_for_changes(view, query):
        where &= _statuses_condition(view, query.getlist("status"), query.get("name", ""))
    if moment := moment_of(query, "changes-since"):
        where &= Q(updated_at__gte=moment)
    if view.at_least(66) and (moment := moment_of(query, "changes-before")):
        where &= time_condition("updated_at", "changes-before", f"lte:{moment.isoformat()}")
    if view.at_least(73) and "locked" in query:
        where &= Q(locked=inputs.flag(query, "locked", False))
    return where


def asks_for_changes(view: ComputeView, query: QueryDict) -> bool:
    """Return whether the list is one of changes, which has the deleted servers too."""
    names = ("changes-since", "changes-before") if view.at_least(66) else ("changes-since",)
    return any(query.get(name) for name in names)


def tags_condition(view: ComputeView, query: QueryDict) -> Q:
    """Return the condition of `tags`, `tags-any`, `not-tags` and `not-tags-any`."""
    where = Q()
    for name in ("tags", "tags-any", "not-tags", "not-tags-any") if view.at_least(26) else ():
        if tags := query.get(name):
            combine = or_ if name.endswith("any") else and_
            has = reduce(combine, (_has_tag(tag) for tag in set(tags.split(","))))
            where &= ~has if name.startswith("not") else has
    return where


def _has_tag(tag: str) -> Q:
    return Q(JsonListContains("tags", Value(tag))) if is_text(tag) else NOTHING


def _statuses_condition(view: ComputeView, names: list[str], name: str) -> Q:
    """Return the condition of any of the statuses. Without one, it excludes the recycle bin, unless `name` is an id."""
    statuses = [status.upper() for status in names if status]
    if not statuses:
        return ~Q(vm_state=VmState.SOFT_DELETED) | _in_recycle_bin(name)
    conditions = [_status_condition(status) for status in statuses]
    if all(each is None for each in conditions):
        if view.at_least(38):
            raise BadInput(fields={"status": _("There is no such status.")})
        return NOTHING
    return reduce(or_, (each for each in conditions if each is not None))


def _status_condition(name: str) -> Q | None:
    by_tasks: dict[Q, list[VmState]] = {}
    for state in VmState:
        tasks = [task for task in TaskState if states.status(state, task) == name]
        if states.status(state, None) == name:
            others = [task for task in TaskState if task not in tasks]
            by_tasks.setdefault(~Q(task_state__in=others), []).append(state)
        elif tasks:
            by_tasks.setdefault(Q(task_state__in=tasks), []).append(state)
    conditions = [Q(vm_state__in=group) & tasks for tasks, group in by_tasks.items()]
    return reduce(or_, conditions) if conditions else None


def project(query: QueryDict) -> Q:
    """Return the condition of the project in an administrator's query."""
    project_id = query.get("project_id") or query.get("tenant_id")
    return _text("project")(project_id) if project_id else Q()
