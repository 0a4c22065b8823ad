"""Quotas as Keystone's unified limits: every resource is registered with a default, and projects may differ.

Our own resources are registered by the apps that count them, and `quotas` has their rules. Resources that other services
count are rows of their own, which Meridian keeps and enforces nowhere.
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
from accounts.models import Domain, Limit, Project, Quota, Region, RegisteredLimit, Service
from accounts.services import audit, catalog, inputs, quotas
from accounts.services.inputs import Data
from accounts.services.saving import save_unique

_KEY = re.compile(r"0{17}[0-9a-f]{15}")
"""Ids of our own limits: numbers below 2^60 in 32 hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimit:
    """A resource of our own and its default limit."""

    resource: quotas.Resource
    limit: int

    @property
    def pk(self) -> str:
        """Return an id that depends on the resource's name only."""
        return uuid.uuid5(uuid.NAMESPACE_OID, self.resource.name).hex


def list_own(context: Context) -> list[OwnLimit]:
    """Return the default limits of our own resources. Raise Forbidden."""
    policy.enforce_somewhere(context, "quota:read")
    limits = quotas.defaults()
    return [OwnLimit(resource=resource, limit=limits[name]) for name, resource in quotas.resources.items()]


def registered_visible_to(context: Context) -> QuerySet[RegisteredLimit]:
    """Return the resources of other services. Raise Forbidden."""
    policy.enforce_somewhere(context, "quota:read")
    return RegisteredLimit.objects.all()


def get_registered(context: Context, key: str) -> OwnLimit | RegisteredLimit:
    """Return a registered resource. Raise Forbidden, NotFound."""
    own = next((row for row in list_own(context) if row.pk == key), None)
    return own or inputs.get_or_404(registered_visible_to(context), key, "registered limit")


@transaction.atomic
def register(context: Context, data: Data) -> RegisteredLimit:
    """Register a resource of another service. Raise Forbidden, BadInput, and Conflict if it is registered already."""
    policy.enforce(context, "quota:write")
    name, service, region = _resource(data)
    if service is None:
        raise Conflict(_("%(name)s is registered already. Change its default.") % {"name": name})
    row = RegisteredLimit(
        service=service,
        region=region,
        resource_name=name,
        default_limit=_number(data, "default_limit"),
        description=inputs.text(data, "description"),
    )
    save_unique(row, _("%(name)s is registered already. Change its default.") % {"name": name})
    audit.record(context, "registered_limit.create", row)
    return row


@transaction.atomic
def update_registered(context: Context, key: str, data: Data) -> OwnLimit | RegisteredLimit:
    """Change a default. Raise Forbidden, NotFound, BadInput."""
    policy.enforce(context, "quota:write")
    row = get_registered(context, key)
    if isinstance(row, RegisteredLimit):
        _enforce_alike(
            data, resource_name=row.resource_name, service_id=row.service_id, region_id=row.region_id
        )
        row.default_limit = _number(data, "default_limit", row.default_limit)
        row.description = inputs.text(data, "description", row.description)
        row.save()
        audit.record(context, "registered_limit.update", row)
        return row
    _enforce_alike(data, resource_name=row.resource.name)
    _refuse_description(data)
    if "default_limit" in data:
        _write(context, None, row.resource.name, data["default_limit"], "default_limit")
    return get_registered(context, key)


@transaction.atomic
def delete_registered(context: Context, key: str) -> None:
    """Delete the resource of another service; restore the built-in default of our own.

    Raise NotFound, and Forbidden while projects have limits of their own.
    """
    policy.enforce(context, "quota:write")
    row = get_registered(context, key)
    if isinstance(row, OwnLimit):
        name = row.resource.name
        is_used = Quota.objects.filter(project__isnull=False, resource=name).exists()
    else:
        name = row.resource_name
        is_used = row.limits.exists()
    if is_used:
        raise Forbidden(_("Some projects have a limit of their own of %(name)s.") % {"name": name})
    if isinstance(row, OwnLimit):
        quotas.reset(context, None, name)
    else:
        audit.record(context, "registered_limit.delete", row)
        row.delete()


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


def others_visible_to(context: Context) -> QuerySet[Limit]:
    """Return the limits of other services' resources: all if `project:read` is allowed, else those within reach."""
    policy.enforce_somewhere(context, "quota:read")
    rows = Limit.objects.select_related("registered")
    if policy.allows(context, "project:read"):
        return rows
    domains = policy.domains(context, "quota:read")
    reached = Q(project__domain__in=domains) | Q(domain__in=domains)
    return rows.filter(reached | Q(project=context.project, project__isnull=False))


def get_any(context: Context, key: str) -> Quota | Limit:
    """Return one limit. Raise Forbidden, and NotFound alike for missing and for invisible ones."""
    row = visible_to(context).filter(key_condition(key)).first()
    return row or inputs.get_or_404(others_visible_to(context), key, "limit")


@transaction.atomic
def create(context: Context, data: Data) -> Quota | Limit:
    """Create a limit of a project, or for another service's resource of a domain.

    Raise Forbidden, BadInput, Conflict, NotFound.
    """
    policy.enforce(context, "quota:write")
    name, service, region = _resource(data)
    project_id, domain_id = inputs.identifier(data, "project_id"), inputs.identifier(data, "domain_id")
    if service is not None:
        return _create_other(context, data, name, service, region)
    if domain_id:
        raise BadInput(fields={"domain_id": _("Limits are those of projects.")})
    _refuse_description(data)
    project = inputs.get_or_404(Project.objects.all(), project_id or "", "project")
    if Quota.objects.filter(project=project, resource=name).exists():
        raise Conflict(_("The project has a limit of %(name)s already. Change that one.") % {"name": name})
    _write(context, project.id, name, data.get("resource_limit"), "resource_limit")
    return Quota.objects.get(project=project, resource=name)


@transaction.atomic
def update(context: Context, key: str, data: Data) -> Quota | Limit:
    """Change a limit. Raise Forbidden, NotFound, BadInput."""
    policy.enforce(context, "quota:write")
    row = get_any(context, key)
    if isinstance(row, Limit):
        _enforce_alike(data, project_id=row.project_id, domain_id=row.domain_id)
        row.resource_limit = _number(data, "resource_limit", row.resource_limit)
        row.description = inputs.text(data, "description", row.description)
        row.save()
        audit.record(context, "limit.update", row, project_id=row.project_id)
        return row
    _enforce_alike(data, resource_name=row.resource, project_id=str(row.project_id))
    _refuse_description(data)
    if "resource_limit" in data:
        _write(context, row.project_id, row.resource, data["resource_limit"], "resource_limit")
    return get_any(context, key)


@transaction.atomic
def delete(context: Context, key: str) -> None:
    """Delete a limit, so that the default applies again. Raise Forbidden, NotFound."""
    policy.enforce(context, "quota:write")
    row = get_any(context, key)
    if isinstance(row, Quota):
        quotas.reset(context, row.project_id, row.resource)
    else:
        audit.record(context, "limit.delete", row, project_id=row.project_id)
        row.delete()


def _create_other(context: Context, data: Data, name: str, service: Service, region: Region | None) -> Limit:
    registered = RegisteredLimit.objects.filter(service=service, region=region, resource_name=name).first()
    if registered is None:
        raise Forbidden(_("Register %(name)s of this service and region first.") % {"name": name})
    project_id, domain_id = inputs.identifier(data, "project_id"), inputs.identifier(data, "domain_id")
    if bool(project_id) == bool(domain_id):
        raise BadInput(fields={"project_id": _("Name a project or a domain.")})
    row = Limit(
        registered=registered,
        project=inputs.get_or_404(Project.objects.all(), project_id, "project") if project_id else None,
        domain=inputs.get_or_404(Domain.objects.all(), domain_id, "domain") if domain_id else None,
        resource_limit=_number(data, "resource_limit"),
        description=inputs.text(data, "description"),
    )
    save_unique(row, _("There is a limit of %(name)s already. Change that one.") % {"name": name})
    audit.record(context, "limit.create", row, project_id=row.project_id)
    return row


def _resource(data: Data) -> tuple[str, Service | None, Region | None]:
    """Return the resource that a body names, and the service and region that it belongs to; ours has neither.

    Raise BadInput if one of them is unknown.
    """
    name = inputs.name(data, field="resource_name")
    service_id, region_id = inputs.identifier(data, "service_id"), inputs.identifier(data, "region_id")
    service = Service.objects.filter(pk=service_id).first() if service_id else None
    region = Region.objects.filter(pk=region_id).first() if region_id else None
    if service_id and service is None:
        raise BadInput(fields={"service_id": _("There is no service of this id.")})
    if region_id and region is None:
        raise BadInput(fields={"region_id": _("There is no region of this id.")})
    if service is not None and not (name in quotas.resources and catalog.is_own(service)):
        return name, service, region
    if name not in quotas.resources:
        names = ", ".join(quotas.resources)
        sentence = _("Nothing counts this here. Give one of %s, or the service that counts it.") % names
        raise BadInput(fields={"resource_name": sentence})
    return name, None, None


def _enforce_alike(data: Data, **present: str | None) -> None:
    """Raise BadInput if a change touches one of the `present` fields, which identify the limit."""
    wrong = {
        name: _("This cannot be changed.")
        for name in present
        if data.get(name, present[name]) != present[name]
    }
    if wrong:
        raise BadInput(fields=wrong)


def _refuse_description(data: Data) -> None:
    if data.get("description"):
        raise BadInput(fields={"description": _("Limits have no description of their own here.")})


def _number(data: Data, field: str, present: int | None = None) -> int:
    """Return a limit, by default the present one. Raise BadInput."""
    if present is not None and field not in data:
        return present
    number = quotas.whole_number(data.get(field))
    if number is None or number < Quota.UNLIMITED:
        raise BadInput(fields={field: _("Give a whole number, or −1 for no limit.")})
    return number


def _write(context: Context, project_id: str | None, name: str, value: object, field: str) -> None:
    """Set the limit. Raise as `quotas.update`, with BadInput naming the body's own field."""
    try:
        quotas.update(context, project_id, {name: value})
    except BadInput as error:
        raise BadInput(fields={field: error.fields[name]}) from error
