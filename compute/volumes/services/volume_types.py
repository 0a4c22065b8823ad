"""Types of volumes, which administrators make."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.models import Project
from accounts.names import KEY, clean_name, is_text
from accounts.services import announcements, audit, inputs
from compute.volumes.models import Volume, VolumeType


def visible_to(context: Context, *, public: bool | None = None) -> QuerySet[VolumeType]:
    """Return the types that the project may use, for administrators all; with `public`, those that are or are not.

    Raise Forbidden.
    """
    policy.enforce(context, "volume_type:read")
    rows = VolumeType.objects.all()
    if not context.is_admin:
        access = Q(projects=context.project) if context.project else Q(pk__in=[])
        rows = rows.filter(Q(public=True) | access).distinct()
    return rows if public is None else rows.filter(public=public)


def all_for_admin(context: Context) -> QuerySet[VolumeType]:
    """Return all types with `volume_count` and `project_count`. Raise Forbidden. One query."""
    policy.enforce(context, "volume_type:write")
    rows = Volume.objects.existing().filter(type=OuterRef("pk")).order_by().values("type")
    return VolumeType.objects.annotate(
        volume_count=Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0),
        project_count=Count("projects"),
    )


def get(context: Context, key: object) -> VolumeType:
    """Return the type with this id. Raise Forbidden, NotFound."""
    try:
        return visible_to(context).get(pk=UUID(str(key)))
    except (VolumeType.DoesNotExist, ValueError) as error:
        raise NotFound(_("Volume type %(id)s could not be found.") % {"id": str(key)[:64]}) from error


def default() -> VolumeType:
    """Return the type of volumes for which none is chosen. The first who asks makes it."""
    row, _made = VolumeType.objects.get_or_create(default=True, defaults={"name": "standard"})
    return row


def choose(context: Context, value: object) -> VolumeType:
    """Return the type with this id or name, the default for none. Raise Forbidden, NotFound."""
    return find(context, value) if value else default()


def find(context: Context, value: object) -> VolumeType:
    """Return the type with this id or name. Raise Forbidden, NotFound."""
    try:
        condition = Q(pk=UUID(str(value)))
    except ValueError:
        condition = Q(name=value) if is_text(value) else Q(pk__in=[])
    row = visible_to(context).filter(condition).first()
    if row is None:
        raise NotFound(_("There is no volume type %(name)s.") % {"name": str(value)[:64]})
    return row


@transaction.atomic
def create(context: Context, data: Mapping[str, Any]) -> VolumeType:
    """Make a type. Takes `name`, `description`, `public` and `extra_specs`. Raise Forbidden, BadInput, Conflict."""
    policy.enforce(context, "volume_type:write")
    row = VolumeType(
        name=_free_name(data.get("name")),
        description=inputs.text(data, "description"),
        public=inputs.flag(data, "public", True),
        extra_specs=clean_specs(data.get("extra_specs") or {}),
    )
    row.save(force_insert=True)
    _record(context, "volume_type.create", row)
    return row


@transaction.atomic
def update(context: Context, key: object, data: Mapping[str, Any]) -> VolumeType:
    """Change name, description and visibility. Raise Forbidden, NotFound, BadInput, Conflict."""
    row = _locked(context, key)
    if "name" in data and data["name"] != row.name:
        row.name = _free_name(data["name"])
    row.description = inputs.text(data, "description", row.description)
    row.public = inputs.flag(data, "public", row.public)
    row.save()
    _record(context, "volume_type.update", row)
    return row


@transaction.atomic
def delete(context: Context, key: object) -> None:
    """Delete a type that no volume has. Raise Forbidden, NotFound, Conflict."""
    row = _locked(context, key)
    if row.default:
        raise Conflict(_("%(type)s is the default type, which new volumes need.") % {"type": row})
    rows = row.volumes.all()
    if rows.filter(~Q(status="deleted")).exists():
        raise Conflict(
            _("Volumes have the type %(type)s. Delete them or change their type first.") % {"type": row}
        )
    rows.update(type=default())
    _record(context, "volume_type.delete", row)
    row.delete()


@transaction.atomic
def set_specs(context: Context, key: object, specs: object) -> VolumeType:
    """Add or replace extra specs. Raise Forbidden, NotFound, BadInput."""
    row = _locked(context, key)
    row.extra_specs = row.extra_specs | clean_specs(specs)
    row.save()
    _record(context, "volume_type.update", row)
    return row


@transaction.atomic
def delete_spec(context: Context, key: object, name: str) -> None:
    """Remove one extra spec. Raise Forbidden, NotFound."""
    row = _locked(context, key)
    if name not in row.extra_specs:
        raise NotFound(_("The type has no extra spec %(name)s.") % {"name": name[:64]})
    del row.extra_specs[name]
    row.save()
    _record(context, "volume_type.update", row)


@transaction.atomic
def replace_specs(context: Context, key: object, specs: object) -> None:
    """Set the extra specs to exactly these. Raise Forbidden, NotFound, BadInput."""
    row, cleaned = _locked(context, key), clean_specs(specs)
    if row.extra_specs != cleaned:
        row.extra_specs = cleaned
        row.save()
        _record(context, "volume_type.update", row)


@transaction.atomic
def replace_projects(context: Context, key: object, project_ids: Iterable[str]) -> None:
    """Let exactly these projects use a type that is not public. Raise Forbidden, NotFound, BadInput."""
    row, ids = _locked(context, key), set(project_ids)
    projects = set(Project.objects.filter(pk__in=ids))
    if missing := ids - {project.pk for project in projects}:
        raise BadInput(fields={"projects": _("There is no project %(word)s.") % {"word": min(missing)}})
    if set(row.projects.all()) != projects:
        row.projects.set(projects)
        names = ", ".join(sorted(project.name for project in projects))
        _record(context, "volume_type.update", row, projects=names)


@transaction.atomic
def set_access(context: Context, key: object, project_id: object, *, present: bool) -> None:
    """Let a project use a type that is not public, or end that. Raise Forbidden, NotFound, Conflict, BadInput."""
    row = _locked(context, key)
    if row.public:
        raise Conflict(_("%(type)s is public: every project may use it.") % {"type": row})
    project = Project.objects.filter(pk=project_id).first() if is_text(project_id) else None
    if project is None:
        raise BadInput(fields={"project": _("There is no such project.")})
    has = row.projects.filter(pk=project.pk).exists()
    if present and has:
        raise Conflict(_("The project may use the type already."))
    if not present and not has:
        raise NotFound(_("The project has no access to the type."))
    (row.projects.add if present else row.projects.remove)(project)
    _record(context, "volume_type.update", row, project=project.pk, access=present)


def clean_specs(specs: object) -> dict[str, str]:
    """Return extra specs. Raise BadInput."""
    if not isinstance(specs, Mapping):
        raise BadInput(fields={"extra_specs": _("Give an object of keys and texts.")})
    for key, value in specs.items():
        if not KEY.has(key):
            raise BadInput(fields={"extra_specs": f"{key}: {KEY.sentence}"})
        if not is_text(value):
            raise BadInput(fields={"extra_specs": _("Values are texts of at most 255 characters.")})
    return dict(specs)


def _free_name(value: object) -> str:
    name = clean_name(value)
    if VolumeType.objects.filter(name=name).exists():
        raise Conflict(_("There is a volume type %(name)s already.") % {"name": name})
    return name


def _locked(context: Context, key: object) -> VolumeType:
    policy.enforce(context, "volume_type:write")
    return VolumeType.objects.select_for_update(no_key=True).get(pk=get(context, key).pk)


def _record(context: Context, action: str, row: VolumeType, **detail: Any) -> None:
    """Record a change for the audit log, and tell open pages."""
    target = audit.Target(type="volume_type", id=str(row.pk), name=row.name)
    audit.record(context, action, target, **detail)
    announcements.changed("", "volume-types")
