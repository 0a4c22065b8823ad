"""`/regions`, `/services`, `/endpoints`."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import Collection, Member, Resource, links
from accounts.api.schemas import catalog as schemas
from accounts.models import Endpoint, Region, Service
from accounts.openstack.contract import contract
from accounts.services import catalog


def show_region(region: Region) -> dict[str, Any]:
    return {
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_id,
        "links": links("regions", region.id),
    }


def show_service(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "type": service.type,
        "name": service.name,
        "description": service.description,
        "enabled": service.enabled,
        "links": links("services", service.id),
    }


def show_endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "interface": endpoint.interface,
        "region": endpoint.region_id,
        "region_id": endpoint.region_id,
        "service_id": endpoint.service_id,
        "url": endpoint.address,
        "enabled": endpoint.enabled,
        "links": links("endpoints", endpoint.id),
    }


REGION = Resource(
    noun="region",
    path="regions",
    show=show_region,
    item=schemas.REGION_SHOWN,
    list=schemas.REGIONS,
    query=schemas.REGION_QUERY,
    create=schemas.CREATE_REGION,
    update=schemas.UPDATE_REGION,
    texts={"parent_region_id": "parent__pk"},
)
SERVICE = Resource(
    noun="service",
    path="services",
    show=show_service,
    item=schemas.SERVICE_SHOWN,
    list=schemas.SERVICES,
    query=schemas.SERVICE_QUERY,
    create=schemas.CREATE_SERVICE,
    update=schemas.UPDATE_SERVICE,
    texts={"name": "name", "type": "type"},
)
ENDPOINT = Resource(
    noun="endpoint",
    path="endpoints",
    show=show_endpoint,
    item=schemas.ENDPOINT_SHOWN,
    list=schemas.ENDPOINTS,
    query=schemas.ENDPOINT_QUERY,
    create=schemas.CREATE_ENDPOINT,
    update=schemas.UPDATE_ENDPOINT,
    texts={
        "interface": "interface",
        "service_id": "service__pk",
        "region_id": "region__pk",
        "region": "region__pk",
        "name": "service__name",
    },
    flags={"enabled": "enabled"},
)


class Regions(Collection):
    resource = REGION

    def rows(self) -> QuerySet[Region]:
        return catalog.regions_visible_to(self.context)

    def create(self, data: dict[str, Any]) -> Region:
        return catalog.create_region(self.context, data)


class OneRegion(Member):
    resource = REGION

    def rows(self) -> QuerySet[Region]:
        return catalog.regions_visible_to(self.context)

    @contract(body=schemas.PUT_REGION, answers={201: schemas.REGION_SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Create a region under a chosen id."""
        region = catalog.create_region(self.context, self.body().get("region", {}) | {"id": key})
        return JsonResponse({"region": show_region(region)}, status=201)

    def update(self, key: str, data: dict[str, Any]) -> Region:
        return catalog.update_region(self.context, key, data)

    def remove(self, key: str) -> None:
        catalog.delete(self.context, Region.objects.all(), key, "region")


class Services(Collection):
    resource = SERVICE

    def rows(self) -> QuerySet[Service]:
        return catalog.services_visible_to(self.context)

    def create(self, data: dict[str, Any]) -> Service:
        return catalog.create_service(self.context, data)


class OneService(Member):
    resource = SERVICE

    def rows(self) -> QuerySet[Service]:
        return catalog.services_visible_to(self.context)

    def update(self, key: str, data: dict[str, Any]) -> Service:
        return catalog.update_service(self.context, key, data)

    def remove(self, key: str) -> None:
        catalog.delete(self.context, Service.objects.all(), key, "service")


class Endpoints(Collection):
    resource = ENDPOINT

    def rows(self) -> QuerySet[Endpoint]:
        return catalog.endpoints_visible_to(self.context)

    def create(self, data: dict[str, Any]) -> Endpoint:
        return catalog.create_endpoint(self.context, data)


class OneEndpoint(Member):
    resource = ENDPOINT

    def rows(self) -> QuerySet[Endpoint]:
        return catalog.endpoints_visible_to(self.context)

    def update(self, key: str, data: dict[str, Any]) -> Endpoint:
        return catalog.update_endpoint(self.context, key, data)

    def remove(self, key: str) -> None:
        catalog.delete(self.context, Endpoint.objects.all(), key, "endpoint")
