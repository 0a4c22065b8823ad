"""What a list of servers is asked for, as conditions on rows."""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Value
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts import policy
from accounts.errors import BadInput
from accounts.names import is_text
from accounts.services import inputs
from compute.api.base import ComputeView, moment_of
from compute.hosts.models import Hypervisor
from compute.instances import states
from compute.instances.api.json_lists import ListHolds
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
REGEX_LONGEST = 255


def _regex(column: str) -> Callable[[str], Q]:
    return lambda given: Q(**{f"{column}__regex": _pattern(given)})


def _pattern(given: str) -> str:
    """Return the expression. Raise BadInput for one that is wrong or could take for ever."""
    # A group that repeats can take for ever to fail, and a list must not hold a process.
    if not is_text(given, REGEX_LONGEST) or re.search(r"\)[*+?{]", given):
        raise BadInput(_("This search expression is not supported."))
    try:
        re.compile(given)
    except re.error as error:
        raise BadInput(_("This search expression cannot be read.")) from error
    return given


def _address(given: str) -> Q:
    ports = Port.objects.filter(instance=OuterRef("pk"), address__regex=_pattern(given))
    return Q(Exists(ports))


def _id(column: str) -> Callable[[str], Q]:
    def condition(given: str) -> Q:
        try:
            return Q(**{column: UUID(given.rstrip("/").rpartition("/")[2])})
        except ValueError:
            return NOTHING

    return condition


def _binned(name: str) -> Q:
    """Return the condition of a server in the recycle bin whose id is given as its name.

    `openstack server restore` looks for it so. At its own address it is unknown, so that clients that
    wait for a deletion come to an end.
    """
    return _id("pk")(name) & Q(vm_state=VmState.SOFT_DELETED)


def _text(column: str) -> Callable[[str], Q]:
    return lambda given: Q(**{column: given}) if is_text(given) else NOTHING


def _in_zone(given: str) -> Q:
    """Return the condition of servers in a zone, or without a host and meant for the zone."""
    if not is_text(given):
        return NOTHING
    hosts = Q(hypervisor__zone=given)
    if given == Hypervisor.DEFAULT_ZONE:
        hosts |= Q(hypervisor__zone="")
    return hosts | Q(hypervisor=None, requested_zone=given)


FILTERS: Mapping[str, Callable[[str], Q]] = {
    "name": lambda given: _regex("name")(given) | _binned(given),
    "display_name": _regex("name"),
    "description": _regex("description"),
    "display_description": _regex("description"),
    "ip": _address,
    "image": _id("image"),
    "image_ref": _id("image"),
    "uuid": _id("pk"),
    "flavor": _text("flavor_id"),
    "flavor_id": _text("flavor_id"),
    "key_name": _text("key_name"),
    "user_id": _text("user"),
    "task_state": _text("task_state"),
    "vm_state": _text("vm_state"),
    "availability_zone": _in_zone,
    "ip6": lambda given: NOTHING,
}
FOR_ADMINS: Mapping[str, Callable[[str], Q]] = {
    "host": _text("hypervisor__name"),
    "node": _text("hypervisor__name"),
    "hypervisor_hostname": _text("hypervisor__name"),
}


def condition(view: ComputeView, query: QueryDict) -> Q:
    """Return all filters together. Unknown ones, and those the asker may not use, are ignored, as in Nova."""
    known = dict(FILTERS)
    if policy.allows(view.context, "instance:read_host"):
        known |= FOR_ADMINS
    where = Q()
    for name in query:
        if name in known and query[name] != "":
            where &= reduce(or_, (known[name](given) for given in query.getlist(name)))
    where &= _status(view, query.getlist("status"), query.get("name", ""))
    if moment := moment_of(query, "changes-since"):
        where &= Q(updated_at__gte=moment)
    if view.at_least(66) and (moment := moment_of(query, "changes-before")):
        where &= Q(updated_at__lte=moment)
    if view.at_least(73) and "locked" in query:
        where &= Q(locked=inputs.flag(query, "locked", False))
    return where


def tags_condition(view: ComputeView, query: QueryDict) -> Q:
    """Return the condition of `tags`, `tags-any`, `not-tags` and `not-tags-any`."""
    where = Q()
    for name in ("tags", "tags-any", "not-tags", "not-tags-any") if view.at_least(26) else ():
        if given := query.get(name):
            combine = or_ if name.endswith("any") else and_
            has = reduce(combine, (_has_tag(tag) for tag in set(given.split(","))))
            where &= ~has if name.startswith("not") else has
    return where


def _has_tag(tag: str) -> Q:
    return Q(ListHolds("tags", Value(tag))) if is_text(tag) else NOTHING


def _status(view: ComputeView, wanted: list[str], called: str) -> Q:
    """Return the condition of the statuses. Without one, the recycle bin is left out unless called by id."""
    asked = [name.upper() for name in wanted if name]
    if not asked:
        return ~Q(vm_state=VmState.SOFT_DELETED) | _binned(called)
    found = [_of_status(name) for name in asked]
    if all(each is None for each in found):
        if view.at_least(38):
            raise BadInput(fields={"status": _("There is no such status.")})
        return NOTHING
    return reduce(or_, (each for each in found if each is not None))


def _of_status(name: str) -> Q | None:
    busy = [task for task in TaskState if states.status(VmState.ACTIVE, task) != "ACTIVE"]
    fits = [
        Q(vm_state=state) & (Q() if state == VmState.ERROR else ~Q(task_state__in=busy))
        for state in VmState
        if states.status(state, None) == name
    ]
    fits += [
        Q(task_state=task) & ~Q(vm_state=VmState.ERROR)
        for task in busy
        if states.status(VmState.ACTIVE, task) == name
    ]
    return reduce(or_, fits) if fits else None


def project(query: QueryDict) -> Q:
    """Return the condition of the project that an administrator names."""
    given = query.get("project_id") or query.get("tenant_id")
    return _text("project")(given) if given else Q()
