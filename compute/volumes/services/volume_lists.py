"""Lists of volumes as pages show them, each in a constant number of queries."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from accounts import policy
from accounts.context import Context
from accounts.names import is_text
from compute.volumes.models import Volume
from compute.volumes.models.volume import VolumeQuerySet
from compute.volumes.services import volumes
from compute.volumes.states import VolumeState

SORTS = {
    "": ["-created_at", "id"],
    "name": ["name", "id"],
    "-name": ["-name", "id"],
    "status": ["status", "name", "id"],
    "-status": ["-status", "name", "id"],
    "size": ["size_gib", "name", "id"],
    "-size": ["-size_gib", "name", "id"],
    "created": ["created_at", "id"],
    "-created": ["-created_at", "id"],
}

_IDLE = Q(task_state=None)
_FILTER_OF = {
    VolumeState.AVAILABLE: "available",
    VolumeState.IN_USE: "in-use",
    VolumeState.ERROR: "error",
}
STATES: dict[str, Q] = {
    **{name: Q(status=state) & _IDLE for state, name in _FILTER_OF.items()},
    "busy": ~_IDLE,
    "other": ~Q(status__in=list(_FILTER_OF)) & _IDLE,
}
"""{filter: condition}. Each volume meets exactly one, so that the counts add up."""


def page(
    context: Context,
    *,
    search: str = "",
    state: str = "",
    sort: str = "",
    all_projects: bool = False,
    project: str = "",
    number: int = 1,
    size: int = 50,
    counted: Mapping[str, int] | None = None,
) -> "Page[Volume]":
    """Return one page of volumes with attachments, pools, owners and open operations. Raise Forbidden.

    `search` matches part of a name, or a whole id. In all projects it matches part of a user's name too. `project` is
    an id. Unknown filters and sorts have no effect. What `counts` has told, as `counted`, is not counted again.
    """
    rows = _with_details(volumes.visible_to(context, all_projects=all_projects))
    if search := search.strip():
        rows = rows.filter(_matching(search, users=all_projects)) if is_text(search) else rows.none()
    if state in STATES:
        rows = rows.filter(STATES[state])
    if project:
        rows = rows.filter(project=project)
    paginator = Paginator(rows.order_by(*SORTS.get(sort, SORTS[""])), size)
    if counted and not (search or project):
        paginator.count = counted[state if state in STATES else "total"]
    return paginator.get_page(number)


def counts(context: Context, *, all_projects: bool = False) -> dict[str, int]:
    """Return the numbers of volumes by filter of `STATES`, and `total`. Raise Forbidden. One query."""
    policy.enforce(context, "volume:read")
    rows = Volume.objects.existing().visible_to(context, all_projects=all_projects)
    numbers = dict.fromkeys([*STATES, "total"], 0)
    groups = rows.order_by().values_list("status", "task_state").annotate(Count("status"))
    for status, task_state, number in groups:
        numbers["busy" if task_state else _FILTER_OF.get(VolumeState(status), "other")] += number
        numbers["total"] += number
    return numbers


def by_ids(context: Context, ids: Iterable[str]) -> list[Volume]:
    """Return the volumes of these ids that the asker may see, with details. Ignore other ids. Raise Forbidden."""
    keys = [key for key in ids if _is_uuid(key)]
    return list(_with_details(volumes.visible_to(context, all_projects=True)).filter(pk__in=keys))


def attached_to(context: Context, instance_id: UUID) -> list[Volume]:
    """Return the volumes that an instance has, or is to get, in the order of its devices. Raise Forbidden."""
    rows = volumes.visible_to(context, all_projects=True).filter(attachments__instance=instance_id)
    return list(rows.order_by("disk__device", "pk"))


def _with_details(rows: VolumeQuerySet) -> VolumeQuerySet:
    return rows.select_related("project", "user", "image").with_open_operations()


def _matching(search: str, *, users: bool) -> Q:
    condition = Q(name__icontains=search)
    if users:
        condition |= Q(user__name__icontains=search)
    return condition | Q(pk=UUID(search)) if _is_uuid(search) else condition


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
