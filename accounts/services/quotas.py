"""Limits and usage of resources. Nothing else raises OverQuota for them.

Other apps register the resources, and counters of what takes them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.aggregates import Aggregate
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, NotFound, OverQuota, Shortage
from accounts.models import Project, Quota, User, UserQuota
from accounts.services import announcements, audit

Usages = Mapping[str, Mapping[str, int]]
"""{resource: {project id: usage}}, in which both may be missing where nothing is used."""


class Counter(Protocol):
    """Counts what rows of one table take of all resources. With a user's id only that user's rows count."""

    def __call__(self, project_ids: Iterable[str], user_id: str | None = None) -> Usages: ...


LARGEST = 2**31 - 1
MOST = 500
"""Most projects whose limits can be set at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource with a quota. `name` is that of Nova's quota sets, `default` its built-in limit.

    `counted` is a number of it inside a sentence, for `%`: "%(n)s vCPUs", "%(n)s of memory".
    """

    name: str
    label: str | Promise
    counted: str | Promise
    unit: str
    default: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Usage of one resource by one project: `used` of `limit` (-1: no limit), in the resource's unit."""

    resource: Resource
    limit: int
    used: int

    @property
    def left(self) -> int | None:
        return None if self.limit == Quota.UNLIMITED else max(self.limit - self.used, 0)

    @property
    def percent(self) -> int:
        """Return the usage in percent, for bars: 0 to 100, even above the limit."""
        if self.limit == Quota.UNLIMITED:
            return 0
        return min(100, round(100 * self.used / self.limit)) if self.limit else 100 * bool(self.used)


resources: dict[str, Resource] = {}


counters: list[tuple[frozenset[str], Counter]] = []
"""Counters, each with the resources that it counts."""


caps: dict[str, int] = {}
"""{name: built-in limit} of further limits without a bar. The app that counts one calls `enforce_cap`."""


def register(*rows: Resource) -> None:
    """Register resources; called once their app is ready."""
    resources.update({resource.name: resource for resource in rows})


def register_counter(counter: Counter, *names: str) -> None:
    """Register a counter of the resources `names`; called once their app is ready.

    What several count of a resource adds up.
    """
    counters.append((frozenset(names), counter))


def register_caps(limits: Mapping[str, int]) -> None:
    """Register further limits; called once their app is ready."""
    caps.update(limits)


def limits(project_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return {project id: {resource: limit}}: own row, else the default's row, else the built-in one. One query."""
    ids = list(project_ids)
    rows: dict[str | None, dict[str, int]] = {}
    for project_id, name, limit in (
        Quota.objects.filter(project__in=[*ids])
        .values_list("project_id", "resource", "limit")
        .union(Quota.objects.filter(project=None).values_list("project_id", "resource", "limit"))
    ):
        rows.setdefault(project_id, {})[name] = limit
    built_in = {resource.name: resource.default for resource in resources.values()} | caps
    base = built_in | rows.get(None, {})
    return {project_id: base | rows.get(project_id, {}) for project_id in ids}


def defaults() -> dict[str, int]:
    """Return {resource: limit} of projects without limits of their own. One query."""
    rows = Quota.objects.filter(project=None).values_list("resource", "limit")
    return {resource.name: resource.default for resource in resources.values()} | caps | dict(rows)


def user_limits(project_id: str, user_id: str) -> dict[str, int]:
    """Return {resource: limit} of one user in a project: own row, else the project's limit. Two queries."""
    rows = UserQuota.objects.filter(project=project_id, user=user_id).values_list("resource", "limit")
    return limits([project_id])[project_id] | dict(rows)


def usage(project_ids: Iterable[str], names: Collection[str] | None = None) -> dict[str, list[Usage]]:
    """Return {project id: usage of each resource}, of those in `names` if given.

    One query a counter, and one for the limits.
    """
    ids = list(project_ids)
    limit = limits(ids)
    used = count(ids, names=names)
    return {
        project_id: [
            Usage(resource=resources[name], limit=limit[project_id][name], used=by_project.get(project_id, 0))
            for name, by_project in used.items()
        ]
        for project_id in ids
    }


def count(
    project_ids: Iterable[str], user_id: str | None = None, names: Collection[str] | None = None
) -> Usages:
    """Return the usage of each resource, of one user, and of those in `names`, if given. One query a counter."""
    ids = list(project_ids)
    used: dict[str, dict[str, int]] = {name: {} for name in resources if names is None or name in names}
    for counted, counter in counters:
        if counted.isdisjoint(used):
            continue
        by_name = counter(ids, user_id)
        for name in counted & used.keys():
            by_project = by_name.get(name, {})
            for project_id, amount in by_project.items():
                used[name][project_id] = used[name].get(project_id, 0) + amount
    return used


def aggregated(
    rows: QuerySet[Any], project_ids: Iterable[str], user_id: str | None, **amounts: Aggregate
) -> dict[str, dict[str, int]]:
    """Return the amounts {resource: aggregate} of rows with a project and a user, for a counter. One query."""
    owned = Q(project__in=list(project_ids)) & (Q(user=user_id) if user_id else Q())
    # An alias of its own for each, because a resource may be named like a column.
    aggregates = {f"amount_of_{name}": aggregate for name, aggregate in amounts.items()}
    groups = list(rows.filter(owned).order_by().values("project").annotate(**aggregates))
    return {name: {group["project"]: group[f"amount_of_{name}"] or 0 for group in groups} for name in amounts}


def project_usage(project: Project, names: Collection[str] | None = None) -> list[Usage]:
    """Return the usage of one project, of resources in `names` if given."""
    return usage([project.id], names)[project.id]


def user_usage(project_id: str, user_id: str, names: Collection[str] | None = None) -> list[Usage]:
    """Return one user's usage and limits within a project, of resources in `names` if given."""
    limit = user_limits(project_id, user_id)
    used = count([project_id], user_id, names)
    return [
        Usage(resource=resources[name], limit=limit[name], used=by_project.get(project_id, 0))
        for name, by_project in used.items()
    ]


def reserve(project: Project, amounts: Mapping[str, int], user: User | None = None) -> None:
    """Lock the project until the transaction ends. Raise OverQuota with every shortage that `amounts` would cause.

    The caller's rows are the reservation: they must be written in the same transaction, so that the next holder of
    the lock counts them. They belong to `user`, who may have limits within the project's.
    """
    # Locking counts for PostgreSQL; on SQLite every transaction that writes is alone from its start.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if short := shortages(project_usage(project, amounts), amounts):
        raise OverQuota(" ".join(map(sentence, short)), short)
    if (
        user is None
        or not UserQuota.objects.filter(project=project, user=user, resource__in=amounts).exists()
    ):
        return
    if short := shortages(user_usage(project.pk, user.pk, amounts), amounts):
        reason = _("%(user)s may not take that much of the project.") % {"user": user.name}
        raise OverQuota(" ".join([reason, *map(sentence, short)]), short)


def enforce_cap(name: str, limit: int, count: int, text: str) -> None:
    """Raise OverQuota with the sentence `text` if `count` exceeds the limit of a name in `caps`."""
    if limit != Quota.UNLIMITED and count > limit:
        raise OverQuota(text, [Shortage(resource=name, limit=limit, used=limit, requested=1)])


def shortages(usages: Iterable[Usage], amounts: Mapping[str, int]) -> list[Shortage]:
    """Return the shortages that `amounts` {resource: increase} would cause."""
    return [
        Shortage(resource=row.resource.name, limit=row.limit, used=row.used, requested=requested)
        for row in usages
        if (requested := amounts.get(row.resource.name, 0)) > 0
        and row.left is not None
        and requested > row.left
    ]


def sentence(shortage: Shortage) -> str:
    """Return the shortage as a sentence for people."""
    resource = resources[shortage.resource]
    return _("Not enough quota for %(label)s: %(asked)s requested, %(left)s of %(limit)s available.") % {
        "label": resource.label,
        "asked": f"{shortage.requested} {resource.unit}".strip(),
        "left": shortage.left,
        "limit": f"{shortage.limit} {resource.unit}".strip(),
    }


@transaction.atomic
def update(context: Context, project_id: str | None, changes: Mapping[str, object]) -> None:
    """Set limits of a project (None: the defaults). -1 is no limit; below present usage is allowed, as in Nova.

    Raise Forbidden, NotFound, or BadInput naming each wrong field; then nothing is changed.
    """
    policy.enforce(context, "quota:write")
    project = Project.objects.filter(pk=project_id).first()
    if project is None and project_id is not None:
        raise NotFound
    values = parse_limits(changes)
    for name, value in values.items():
        Quota.objects.update_or_create(project_id=project_id, resource=name, defaults={"limit": value})
    detail: dict[str, Any] = dict(values)
    target = project or audit.Target(type="project")
    audit.record(context, "quota.update", target, project_id=project_id or "", **detail)
    announcements.changed(project_id or "", "quota")


@transaction.atomic
def update_many(context: Context, project_ids: Sequence[str], changes: Mapping[str, object]) -> None:
    """Set the same limits of several projects, all or none. Raise as `update`, and BadInput for no change."""
    policy.enforce(context, "quota:write")
    if not 0 < len(project_ids) <= MOST:
        raise BadInput(_("Choose from 1 to %(most)s projects.") % {"most": MOST})
    if not changes:
        raise BadInput(_("Give at least one limit."))
    parse_limits(changes)
    for project_id in project_ids:
        update(context, project_id, changes)


def parse_limits(changes: Mapping[str, object]) -> dict[str, int]:
    """Return the limits as numbers. Raise BadInput naming each wrong one."""
    wrong: dict[str, str] = {}
    values: dict[str, int] = {}
    for name, limit in changes.items():
        if name not in resources and name not in caps:
            wrong[name] = _("There is no quota of this name.")
        elif (value := whole_number(limit)) is None or not Quota.UNLIMITED <= value <= LARGEST:
            unit = resources[name].unit if name in resources else ""
            wrong[name] = _("Give a whole number from 0 to %(largest)s, or -1 for no limit.") % {
                "largest": f"{LARGEST} {unit}".strip()
            }
        else:
            values[name] = value
    if wrong:
        raise BadInput(fields=wrong)
    return values


@transaction.atomic
def reset(context: Context, project_id: str | None, resource: str) -> None:
    """Delete one limit of a project (None: the default), so that the default or built-in one applies again."""
    policy.enforce(context, "quota:write")
    Quota.objects.filter(project=project_id, resource=resource).delete()
    target = audit.Target(type="project", id=project_id or "")
    audit.record(context, "quota.reset", target, project_id=project_id or "", resource=resource)
    announcements.changed(project_id or "", "quota")


def whole_number(value: object) -> int | None:
    """Return an int, also from text of at most 12 characters; None for anything else (NaN, 1.5, true…)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    digits = text.removeprefix("-")
    return int(text) if len(text) <= 12 and digits.isascii() and digits.isdigit() else None
