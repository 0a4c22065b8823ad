"""Filters and orders of lists of volumes."""

import ast
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_text
from accounts.openstack import ids, sorting
from accounts.openstack.comparisons import time_condition
from accounts.services import inputs
from compute.hosts.models import Hypervisor
from compute.volumes.models import Volume
from compute.volumes.states import UNSHOWN_TASKS, VolumeState, VolumeTask

SORTS = {
    "id": "pk",
    "name": "name",
    "display_name": "name",
    "size": "size_gib",
    "status": "status",
    "bootable": "bootable",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "volume_type_id": "type",
    "volume_type": "type__name",
    "project_id": "project",
    "availability_zone": "requested_zone",
}
NOTHING = Q(pk__in=[])
MOST_PAIRS = 20
"""Pairs of metadata that a list may be narrowed by: each is one more condition on every row."""

Row = TypeVar("Row", bound=Model)


def filtered(rows: QuerySet[Volume], query: QueryDict) -> QuerySet[Volume]:
    """Return the volumes that fit the query string, in its order. Raise BadInput."""
    for name, column in {
        "name": "name",
        "display_name": "name",
        "project_id": "project",
        "user_id": "user",
    }.items():
        if (value := query.get(name)) is not None:
            rows = rows.filter(Q(**{column: value}) if value == "" or is_text(value) else NOTHING)
    for name, column in {"name~": "name", "description~": "description"}.items():
        if value := query.get(name):
            rows = rows.filter(Q(**{f"{column}__contains": value}) if is_text(value) else NOTHING)
    if value := query.get("status"):
        rows = rows.filter(status_condition(value))
    if value := query.get("status~"):
        rows = rows.filter(Q(status__contains=value, task_state=None) | Q(task_state__contains=value))
    if "bootable" in query:
        rows = rows.filter(bootable=inputs.flag({"bootable": query["bootable"]}, "bootable", False))
    if value := query.get("size"):
        rows = rows.filter(size_gib=int(value))
    for name in ("volume_type", "volume_type_id"):
        if value := query.get(name):
            rows = rows.filter(Q(type__name=value) | Q(type__in=ids.uuids([value])))
    if value := query.get("availability_zone"):
        rows = rows.filter(_in_zone(value))
    for name, column in {"metadata": "metadata", "glance_metadata": "image_metadata"}.items():
        if value := query.get(name):
            rows = with_pairs(rows, column, pairs(name, value))
    if query.get("group_id"):
        rows = rows.none()
    if value := query.get("migration_status"):
        rows = rows.filter(migration_status=value if is_text(value) else "none")
    for name in ("created_at", "updated_at"):
        if value := query.get(name):
            for part in value.split(","):
                rows = rows.filter(time_condition(name, name, part))
    return rows.order_by(*order(query, SORTS), "-pk")


def status_condition(status: str) -> Q:
    """Return the condition of the volumes that are shown with this status."""
    if not is_text(status) or status in UNSHOWN_TASKS:
        return NOTHING
    if status in set(VolumeTask) - set(VolumeState):
        return Q(task_state=status)
    settled = Q(task_state=None) | Q(task_state__in=UNSHOWN_TASKS)
    return Q(task_state=status) | (settled & Q(status=status))


def pairs(name: str, value: str) -> dict[str, str]:
    """Return the pairs of a filter, which clients write as a Python dictionary. Raise BadInput."""
    try:
        parsed: Any = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise BadInput(fields={name: _("Give an object of keys and texts.")}) from error
    if not isinstance(parsed, dict) or not all(
        is_text(key) and is_text(text) for key, text in parsed.items()
    ):
        raise BadInput(fields={name: _("Give an object of keys and texts.")})
    if len(parsed) > MOST_PAIRS:
        raise BadInput(fields={name: _("Ask for at most %(most)s pairs.") % {"most": MOST_PAIRS}})
    return parsed


def with_pairs(rows: QuerySet[Row], column: str, wanted_pairs: dict[str, str]) -> QuerySet[Row]:
    """Return the rows whose metadata in `column` have all of the pairs."""
    for number, (key, text) in enumerate(wanted_pairs.items()):
        # Cast, or the text would be compared as JSON.
        of_row = Cast(KeyTextTransform(key, column), TextField())
        rows = rows.alias(**{f"{column}_{number}": of_row}).filter(**{f"{column}_{number}": text})
    return rows


def _in_zone(zone: str) -> Q:
    placed = Q(disk__pool__hosts__zone=zone if zone != Hypervisor.DEFAULT_ZONE else "")
    return placed | Q(disk=None, requested_zone=zone) if is_text(zone) else NOTHING


def order(query: QueryDict, sorts: Mapping[str, str]) -> list[str]:
    """Return the columns of `sort=key:direction,…`, or of `sort_key` and `sort_dir`. Raise BadInput."""
    if not (sort := query.get("sort")):
        return sorting.order(query, sorts, "created_at", "desc")
    keys = [part.partition(":")[::2] for part in sort.split(",")]
    return sorting.columns([(key, direction or "desc") for key, direction in keys], sorts)
