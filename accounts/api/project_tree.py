"""What stands above and below a project, as `GET /projects/{id}` shows it on request."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.models import Project

PARAMETERS = ("parents_as_list", "parents_as_ids", "subtree_as_list", "subtree_as_ids")


def tree(project: Project, visible: QuerySet[Project], query: Mapping[str, str], show: Any) -> dict[str, Any]:
    """Return `parents` and `subtree` in the requested forms. Raise BadInput for both forms of one.

    Lists have the projects that the asker may see. Ids are all, nested, with the domain as the topmost.
    """
    chosen = {name for name in PARAMETERS if name in query}
    for part in ("parents", "subtree"):
        if {f"{part}_as_list", f"{part}_as_ids"} <= chosen:
            raise BadInput(fields={f"{part}_as_ids": _("Choose the list or the ids.")})
    body: dict[str, Any] = {}
    if chosen & {"parents_as_list", "parents_as_ids"}:
        above = _above(project)
        body["parents"] = (
            _listed(visible, above, show)
            if "parents_as_list" in chosen
            else _nested([*above, project.domain_id])
        )
    if chosen & {"subtree_as_list", "subtree_as_ids"}:
        below = dict(
            Project.objects.below(Project.objects.filter(pk=project.pk).values("pk")).values_list(
                "pk", "parent"
            )
        )
        body["subtree"] = (
            _listed(visible, list(below), show)
            if "subtree_as_list" in chosen
            else _branches(below, project.pk)
        )
    return body


def _above(project: Project) -> list[str]:
    """Return the ids of the projects above, the nearest first. One query."""
    row: Project | None = Project.objects.with_lineage().get(pk=project.pk)
    keys = []
    while row is not None and row.parent_id:
        keys.append(row.parent_id)
        row = row.parent
    return keys


def _listed(visible: QuerySet[Project], keys: list[str], show: Any) -> list[dict[str, Any]]:
    """Return the visible projects among these, in this order."""
    rows = {row.pk: row for row in visible.filter(pk__in=keys)}
    return [{"project": show(rows[key])} for key in keys if key in rows]


def _nested(keys: list[str]) -> dict[str, Any] | None:
    return {keys[0]: _nested(keys[1:])} if keys else None


def _branches(parents: Mapping[str, str | None], top: str) -> dict[str, Any] | None:
    """Return {id: what stands below it}; None for nothing."""
    return {key: _branches(parents, key) for key, parent in parents.items() if parent == top} or None
