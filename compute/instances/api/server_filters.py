"""What a list of servers is asked for, as conditions on rows."""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts import policy
from accounts.errors import BadInput
from accounts.names import is_text
from accounts.services import inputs
from compute.api.base import ComputeView, moment_of
from compute.hosts.models import Hypervisor
from compute.instances import states
from compute.instances.states import TaskState, VmState

SORTS = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "launched_at": "launched_at",
    "terminated_at": "deleted_at",
    "display_name": "name",
    "name": "name",
    "display_description": "description",
    "uuid": "pk",
    "project_id": "project",
    "user_id": "user",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "key_name": "key_name",
    "image_ref": "image",
    "instance_type_id": "flavor_id",
    "host": "hypervisor__name",
    "node": "hypervisor__name",
    "locked": "locked",
}
NOTHING = Q(pk__in=[])
REGEX_LONGEST = 255


def _regex(column: str) -> Callable[[str], Q]:
    def condition(given: str) -> Q:
        # A group that repeats can take for ever to fail, and whoever lists must not hold a process.
        if not is_text(given, REGEX_LONGEST) or re.search(r"\)[*+?{]", given):
            raise BadInput(_("This search expression is not supported."))
        try:
            re.compile(given)
        except re.error as error:
            raise BadInput(_("This search expression cannot be read.")) from error
        return Q(**{f"{column}__regex": given})

    return condition


def _id(column: str) -> Callable[[str], Q]:
    def condition(given: str) -> Q:
        try:
            return Q(**{column: UUID(given.rstrip("/").rpartition("/")[2])})
        except ValueError:
            return NOTHING

    return condition


def _binned(name: str) -> Q:
    """What lies in the recycle bin, by its id in place of a name, as `openstack server restore` looks for it.

    Shown by itself it is unknown, so that clients that wait for a deletion come to an end.
    """
    return _id("pk")(name) & Q(vm_state=VmState.SOFT_DELETED)


def _text(column: str) -> Callable[[str], Q]:
    return lambda given: Q(**{column: given}) if is_text(given) else NOTHING


def _in_zone(given: str) -> Q:
    """By where it is, and before it is anywhere, where it wants to be."""
    if not is_text(given):
        return NOTHING
    hosts = Q(hypervisor__zone=given)
    if given == Hypervisor.DEFAULT_ZONE:
        hosts |= Q(hypervisor__zone="")
    return hosts | Q(hypervisor=None, wanted_zone=given)


FILTERS: Mapping[str, Callable[[str], Q]] = {
    "name": lambda given: _regex("name")(given) | _binned(given),
    "display_name": _regex("name"),
    "description": _regex("description"),
    "display_description": _regex("description"),
    "ip": _regex("ports__address"),
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
    """All filters together. Those that mean nothing, or nothing to the asker, are passed over, as in Nova."""
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


def tags_condition(view: ComputeView, query: QueryDict) -> Callable[[list[str]], bool] | None:
    """Whether tags fit `tags`, `tags-any`, `not-tags` and `not-tags-any`; None where nothing is asked."""
    wanted = {
        name: set(str(query[name]).split(","))
        for name in ("tags", "tags-any", "not-tags", "not-tags-any")
        if view.at_least(26) and query.get(name)
    }
    if not wanted:
        return None

    def fit(tags: list[str]) -> bool:
        have = set(tags)
        return all(
            (bool(asked & have) if name.endswith("any") else asked <= have) != name.startswith("not")
            for name, asked in wanted.items()
        )

    return fit


def order(query: QueryDict) -> list[str]:
    """Columns to sort by; newest first where nothing is asked. Raises BadInput."""
    keys, directions = query.getlist("sort_key"), query.getlist("sort_dir")
    if any(direction not in {"asc", "desc"} for direction in directions):
        raise BadInput(fields={"sort_dir": _("Say asc or desc.")})
    last = directions[-1] if directions else "desc"
    directions += [last] * len(keys)
    columns = []
    for key, direction in zip(keys or ["created_at"], directions or ["desc"], strict=False):
        if key not in SORTS:
            raise BadInput(fields={"sort_key": _("Lists cannot be sorted by this.")})
        columns.append(f"{'-' if direction == 'desc' else ''}{SORTS[key]}")
    return [*columns, "-pk" if last == "desc" else "pk"]


def _status(view: ComputeView, wanted: list[str], called: str) -> Q:
    """Without a status, what lies in the recycle bin is left out, unless it is called by its id."""
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


def project(project_id: str) -> Q:
    return _text("project")(project_id)
