"""Quotas as Keystone's unified limits: every resource is registered with a default, and projects may differ.

`quotas` has the rules. Clients cannot register resources, since our apps count them.
"""

import re
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden
from accounts.models import Project, Quota, Region, Service
from accounts.services import inputs, quotas
from accounts.services.inputs import Data

_KEY = re.compile(r"0{17}[0-9a-f]{15}")
"""Ids of limits: numbers below 2^60 in 32 hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredLimit:
    """A resource and its default limit."""

    resource: quotas.Resource
    limit: int

    @property
    def pk(self) -> str:
        """Return an id that depends on the resource's name only."""
        return uuid.uuid5(uuid.NAMESPACE_OID, self.resource.name).hex


def list_registered(context: Context) -> list[RegisteredLimit]:
    policy.enforce_somewhere(context, "quota:read")
    limits = quotas.defaults()
    return [
        RegisteredLimit(resource=resource, limit=limits[name]) for name, resource in quotas.resources.items()
    ]


def get_registered(context: Context, key: str) -> RegisteredLimit:
    for row in list_registered(context):
        if row.pk == key:
            return row
    return inputs.raise_not_found("registered limit", key)


@transaction.atomic
def update_registered(context: Context, key: str, data: Data) -> RegisteredLimit:
    """Change a default. Raise Forbidden, NotFound, BadInput."""
    policy.enforce(context, "quota:write")
    row = get_registered(context, key)
    _enforce_alike(data, resource_name=row.resource.name)
    if "default_limit" in data:
        _write(context, None, row.resource.name, data["default_limit"], "default_limit")
    return get_registered(context, key)


@transaction.atomic
def reset_registered(context: Context, key: str) -> None:
    """Restore the built-in default. Raise NotFound, and Forbidden while projects have limits of their own."""
    policy.enforce(context, "quota:write")
    name = get_registered(context, key).resource.name
    if Quota.objects.filter(project__isnull=False, resource=name).exists():
        raise Forbidden(_("Some projects have a limit of their own of %(name)s.") % {"name": name})
    quotas.reset(context, None, name)


def visible_to(context: Context) -> QuerySet[Quota]:
    """Return the projects' own limits: all if `project:read` is allowed, else those of the project or the domains.

    Raise Forbidden.
    """
    policy.enforce_somewhere(context, "quota:read")
    rows = Quota.objects.filter(project__isnull=False, resource__in=quotas.resources)
    if not policy.allows(context, "project:read"):
        domains = policy.domains(context, "quota:read")
        rows = rows.filter(Q(project=context.project) | Q(project__domain__in=domains))
    return rows.order_by("project_id", "resource")


def to_key(row: Quota) -> str:
    """Return the limit's id, in the form of Identity's ids."""
    return f"{row.pk:032x}"


def key_condition(key: str) -> Q:
    """Return the condition of the limit with this id."""
    return Q(pk=int(key, 16)) if _KEY.fullmatch(key) else Q(pk__in=[])


def get_visible(context: Context, key: str) -> Quota:
    """Return one limit. Raise Forbidden, and NotFound alike for missing and for invisible ones."""
    row = visible_to(context).filter(key_condition(key)).first()
    return inputs.raise_not_found("limit", key) if row is None else row


@transaction.atomic
def create(context: Context, data: Data) -> Quota:
    """Create a limit of a project. Raise Forbidden, BadInput, Conflict, NotFound."""
    policy.enforce(context, "quota:write")
    name = _resource_name(data)
    if data.get("domain_id"):
        raise BadInput(fields={"domain_id": _("Limits are those of projects.")})
    project = inputs.get_or_404(Project.objects.all(), inputs.identifier(data, "project_id") or "", "project")
    if Quota.objects.filter(project=project, resource=name).exists():
        raise Conflict(_("The project has a limit of %(name)s already. Change that one.") % {"name": name})
    _write(context, project.id, name, data.get("resource_limit"), "resource_limit")
    return Quota.objects.get(project=project, resource=name)


@transaction.atomic
def update(context: Context, key: str, data: Data) -> Quota:
    policy.enforce(context, "quota:write")
    row = get_visible(context, key)
    _enforce_alike(data, resource_name=row.resource, project_id=str(row.project_id))
    if "resource_limit" in data:
        _write(context, row.project_id, row.resource, data["resource_limit"], "resource_limit")
    return get_visible(context, key)


@transaction.atomic
def delete(context: Context, key: str) -> None:
    """Delete the limit of a project, so that the default applies again. Raise Forbidden, NotFound."""
    policy.enforce(context, "quota:write")
    row = get_visible(context, key)
    quotas.reset(context, row.project_id, row.resource)


def refuse_registration(context: Context, data: Data) -> None:
    """Raise Conflict for a limit that is registered already, BadInput for a resource that nothing counts."""
    policy.enforce(context, "quota:write")
    raise Conflict(_("%(name)s is registered already. Change its default.") % {"name": _resource_name(data)})


def _resource_name(data: Data) -> str:
    """Return the resource that a body names. Raise BadInput if it, the service or the region is unknown."""
    name = inputs.name(data, field="resource_name")
    if name not in quotas.resources:
        names = ", ".join(quotas.resources)
        raise BadInput(fields={"resource_name": _("Nothing counts this here. Give one of %s.") % names})
    service, region = inputs.identifier(data, "service_id"), inputs.identifier(data, "region_id")
    if service is not None and not Service.objects.filter(pk=service).exists():
        raise BadInput(fields={"service_id": _("There is no service of this id.")})
    if region is not None and not Region.objects.filter(pk=region).exists():
        raise BadInput(fields={"region_id": _("There is no region of this id.")})
    _refuse_description(data)
    return name


def _enforce_alike(data: Data, **present: str) -> None:
    """Raise BadInput if a change touches one of the `present` fields, which identify the limit."""
    wrong = {
        name: _("This cannot be changed.")
        for name in present
        if data.get(name, present[name]) != present[name]
    }
    if wrong:
        raise BadInput(fields=wrong)
    _refuse_description(data)


def _refuse_description(data: Data) -> None:
    if data.get("description"):
        raise BadInput(fields={"description": _("Limits have no description of their own here.")})


def _write(context: Context, project_id: str | None, name: str, value: object, field: str) -> None:
    """Set the limit. Raise as `quotas.update`, with BadInput naming the body's own field."""
    try:
        quotas.update(context, project_id, {name: value})
    except BadInput as error:
        raise BadInput(fields={field: error.fields[name]}) from error
