"""Regions, services and endpoints, and the catalog that tokens carry. Requests are checked by their schemas.

Each app registers its APIs, and `ensure` creates their rows.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.endpoint_urls import absolute, fill_in, unknown_placeholders
from accounts.errors import BadInput, Conflict
from accounts.models import Endpoint, Region, Service, Token
from accounts.names import Segment
from accounts.services import audit, endpoint_filters, inputs
from accounts.services.inputs import Data
from accounts.services.saving import save_unique


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnService:
    """An API of this installation: its OpenStack type, its name, and the path of its endpoints."""

    type: str
    name: str
    path: str


REGION_ID = Segment("-_.:@", letters=r"\w")
"""Ids of regions, which Keystone does not restrict; these can all be asked for by their address."""

own_services: dict[str, OwnService] = {}


def register(service: OwnService) -> None:
    """Register an API of this installation; called once its app is ready."""
    own_services[service.type] = service


def is_own(service: Service) -> bool:
    """Return whether the service is an API of this installation."""
    own = own_services.get(service.type)
    return own is not None and own.name == service.name


@transaction.atomic
def ensure() -> None:
    """Create the rows of our own APIs, and update their endpoints."""
    region, _created = Region.objects.get_or_create(pk=settings.REGION)
    for service in own_services.values():
        row = Service.objects.filter(type=service.type, name=service.name).first()
        row = row or Service.objects.create(type=service.type, name=service.name)
        for interface in Endpoint.Interface.values:
            endpoint = row.endpoints.filter(interface=interface, url__startswith="/").first()
            if endpoint is None:
                row.endpoints.create(interface=interface, region=region, url=service.path)
            elif (endpoint.url, endpoint.region_id) != (service.path, region.pk):
                endpoint.url, endpoint.region = service.path, region
                endpoint.save()


def token_catalog(token: Token, mark: str) -> list[dict[str, Any]]:
    """Return the catalog of a token: every enabled service with its enabled endpoints, also with none.

    Endpoints whose URL needs a project are left out of tokens without one. A project for which endpoints are chosen
    has these alone, and only their services (`endpoint_filters`). All as in Keystone. At most four queries, none while
    the epoch's mark stays.
    """
    values = {"project_id": token.project_id, "user_id": token.user_id}
    rows, endpoints = _read(mark)
    chosen = _chosen(mark, token.project_id) if token.project_id else frozenset()
    if chosen:
        endpoints = [row for row in endpoints if row[0] in chosen]
        serving = {row[4] for row in endpoints}
        rows = [row for row in rows if row[0] in serving]
    services: dict[str, dict[str, Any]] = {
        key: {"id": key, "type": kind, "name": name, "endpoints": []} for key, kind, name in rows
    }
    for key, interface, region, url, service in endpoints:
        if (address := fill_in(absolute(url), values)) is None:
            continue
        services[service]["endpoints"].append(
            {"id": key, "interface": interface, "region": region, "region_id": region, "url": address}
        )
    return list(services.values())


@lru_cache(2)
def _read(_mark: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the enabled services and their enabled endpoints, cached under the epoch's mark."""
    services = Service.objects.filter(enabled=True).order_by("type", "pk")
    rows = Endpoint.objects.filter(enabled=True, service__enabled=True).order_by("interface", "pk")
    return (
        list(services.values_list("id", "type", "name")),
        list(rows.values_list("id", "interface", "region_id", "url", "service_id")),
    )


@lru_cache(1024)
def _chosen(_mark: str, project_id: str) -> frozenset[str]:
    """Return the ids of the endpoints that are chosen for the project, cached under the epoch's mark."""
    return frozenset(endpoint_filters.unscoped_endpoints(project_id).values_list("pk", flat=True))


def regions_visible_to(context: Context) -> QuerySet[Region]:
    policy.enforce_somewhere(context, "catalog:read")
    return Region.objects.all()


def services_visible_to(context: Context) -> QuerySet[Service]:
    policy.enforce_somewhere(context, "catalog:read")
    return Service.objects.all()


def endpoints_visible_to(context: Context) -> QuerySet[Endpoint]:
    policy.enforce_somewhere(context, "catalog:read")
    return Endpoint.objects.all()


@transaction.atomic
def create_region(context: Context, data: Data) -> Region:
    """Create a region, by default with a random id. Raise Forbidden, BadInput, Conflict."""
    policy.enforce(context, "catalog:write")
    chosen = inputs.identifier(data, "id")
    region = Region(pk=REGION_ID.clean(chosen, field="id") if chosen else Service().id)
    return _fill_region(context, "region.create", region, data)


@transaction.atomic
def update_region(context: Context, region_id: str, data: Data) -> Region:
    policy.enforce(context, "catalog:write")
    region = inputs.get_or_404(Region.objects.all(), region_id, "region")
    return _fill_region(context, "region.update", region, data)


@transaction.atomic
def create_service(context: Context, data: Data) -> Service:
    policy.enforce(context, "catalog:write")
    return _fill_service(context, "service.create", Service(), data)


@transaction.atomic
def update_service(context: Context, service_id: str, data: Data) -> Service:
    policy.enforce(context, "catalog:write")
    service = inputs.get_or_404(Service.objects.all(), service_id, "service")
    return _fill_service(context, "service.update", service, data)


@transaction.atomic
def create_endpoint(context: Context, data: Data) -> Endpoint:
    policy.enforce(context, "catalog:write")
    return _fill_endpoint(context, "endpoint.create", Endpoint(), data)


@transaction.atomic
def update_endpoint(context: Context, endpoint_id: str, data: Data) -> Endpoint:
    policy.enforce(context, "catalog:write")
    endpoint = inputs.get_or_404(Endpoint.objects.all(), endpoint_id, "endpoint")
    return _fill_endpoint(context, "endpoint.update", endpoint, data)


@transaction.atomic
def delete(context: Context, rows: QuerySet[Any], key: str, noun: str) -> None:
    """Delete a region, service or endpoint. Raise Forbidden, NotFound, Conflict for a region that is in use."""
    policy.enforce(context, "catalog:write")
    row = inputs.get_or_404(rows, key, noun)
    audit.record(context, f"{noun}.delete", row)
    try:
        row.delete()
    except ProtectedError as error:
        raise Conflict(_("Endpoints or regions still stand in this region.")) from error


def _fill_region(context: Context, action: str, region: Region, data: Data) -> Region:
    region.description = inputs.text(data, "description", region.description)
    if "parent_region_id" in data:
        parent = inputs.identifier(data, "parent_region_id")
        region.parent = inputs.get_or_404(Region.objects.all(), parent, "region") if parent else None
        above = region.parent
        while above is not None:
            if above.pk == region.pk:
                raise BadInput(fields={"parent_region_id": _("A region cannot stand below itself.")})
            above = above.parent
    save_unique(region, _("There is a region %(name)s already.") % {"name": region.pk})
    audit.record(context, action, region)
    return region


def _fill_service(context: Context, action: str, service: Service, data: Data) -> Service:
    service.type = inputs.name(data, service.type or None, field="type")
    service.name = inputs.text(data, "name", service.name, longest=255)
    service.description = inputs.text(data, "description", service.description)
    service.enabled = inputs.flag(data, "enabled", service.enabled)
    return _save(context, action, service)


def _fill_endpoint(context: Context, action: str, endpoint: Endpoint, data: Data) -> Endpoint:
    if "interface" in data:
        endpoint.interface = str(data["interface"]).removesuffix("URL")
    if "url" in data:
        url = str(data["url"])
        if unknown := unknown_placeholders(url):
            raise BadInput(fields={"url": _("No token has a %s.") % ", ".join(sorted(unknown))})
        # A URL of our own follows MERIDIAN_URL from now on.
        endpoint.url = url.removeprefix(settings.PUBLIC_URL) if _is_own_url(url) else url
    if (service := inputs.identifier(data, "service_id")) is not None:
        endpoint.service = inputs.get_or_404(Service.objects.all(), service, "service")
    endpoint.enabled = inputs.flag(data, "enabled", endpoint.enabled)
    if (region := inputs.identifier(data, "region_id")) is not None:
        endpoint.region = inputs.get_or_404(Region.objects.all(), region, "region")
    elif (region := inputs.identifier(data, "region")) is not None:
        # The older parameter, which creates a missing region, as in Keystone.
        endpoint.region, _created = Region.objects.get_or_create(pk=region)
    elif "region_id" in data:
        endpoint.region = None
    return _save(context, action, endpoint)


def _is_own_url(url: str) -> bool:
    return url.startswith(f"{settings.PUBLIC_URL}/") and url.removeprefix(settings.PUBLIC_URL) in {
        service.path for service in own_services.values()
    }


def _save(context: Context, action: str, row: Any) -> Any:
    row.save()
    audit.record(context, action, row)
    return row
