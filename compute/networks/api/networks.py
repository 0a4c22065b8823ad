"""Network v2.0, to read: networks and the range of addresses of each. Below /network."""

import ipaddress
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import NotFound
from accounts.openstack import ids, sorting
from accounts.openstack.contract import contract
from accounts.openstack.times import seconds
from compute.networks.api import network_filters, subnets
from compute.networks.api.base import NETWORK, NetworkView
from compute.networks.api.schemas import networks as schemas
from compute.networks.models import Network
from compute.networks.services import networks


class Networks(NetworkView):
    @contract(query=schemas.NETWORK_QUERY, answers={200: schemas.NETWORKS})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = networks.visible_to(self.context).filter(network_filters.network_condition(query))
        rows = rows.order_by(*sorting.order(query, network_filters.NETWORK_SORTS, "created_at"))
        page = NETWORK.paging.page(query, rows)
        return NETWORK.page_response(
            request, "networks", "networks", page, lambda row: _selected(request, show_network(row))
        )


class OneNetwork(NetworkView):
    @contract(query=schemas.ONE_QUERY, answers={200: schemas.NETWORK_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse(
            {"network": _selected(request, show_network(_find(self, "Network", key, ids.uuid(key))))}
        )


class Subnets(NetworkView):
    """Each network has one."""

    @contract(query=schemas.SUBNET_QUERY, answers={200: schemas.SUBNETS})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = networks.visible_to(self.context).filter(network_filters.subnet_condition(query))
        rows = rows.order_by(*sorting.order(query, network_filters.SUBNET_SORTS, "created_at"))
        page = NETWORK.paging.page(query, rows, find=lambda marker: Q(pk=subnets.network_key(marker)))
        return NETWORK.page_response(
            request,
            "subnets",
            "subnets",
            page,
            lambda row: _selected(request, show_subnet(row)),
            marker=subnets.subnet_id,
        )


class OneSubnet(NetworkView):
    @contract(query=schemas.ONE_QUERY, answers={200: schemas.SUBNET_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        network = _find(self, "Subnet", key, subnets.network_key(key))
        return JsonResponse({"subnet": _selected(request, show_subnet(network))})


def show_network(network: Network) -> dict[str, Any]:
    return {
        "id": str(network.pk),
        "name": network.name,
        **_owner(network),
        **network_filters.SAME_FOR_NETWORKS,
        "shared": network.project_id is None,
        "subnets": [subnets.subnet_id(network)],
        "availability_zones": [],
        "availability_zone_hints": [],
        "tags": [],
        "created_at": seconds(network.created_at),
        "updated_at": seconds(network.created_at),
    }


def show_subnet(network: Network) -> dict[str, Any]:
    subnet = ipaddress.IPv4Network(network.cidr)
    return {
        "id": subnets.subnet_id(network),
        "name": network.name,
        **_owner(network),
        "network_id": str(network.pk),
        "cidr": network.cidr,
        **network_filters.SAME_FOR_SUBNETS,
        "gateway_ip": str(subnet[1]),
        "allocation_pools": [{"start": str(subnet[2]), "end": str(subnet[-2])}],
        "dns_nameservers": [],
        "host_routes": [],
        "tags": [],
        "created_at": seconds(network.created_at),
        "updated_at": seconds(network.created_at),
    }


def _owner(network: Network) -> dict[str, str]:
    owner = network.project_id or ""
    return {"tenant_id": owner, "project_id": owner}


def _find(view: NetworkView, noun: str, key: str, network: UUID | None) -> Network:
    """Return the network with this id. Raise NotFound."""
    row = networks.visible_to(view.context).filter(pk=network).first() if network else None
    if row is None:
        raise NotFound(_("%(noun)s %(key)s could not be found.") % {"noun": noun, "key": key[:64]})
    return row


def _selected(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the query names; all where it names none."""
    fields = request.query_params.getlist("fields")
    return {name: row[name] for name in fields if name in row} if fields else row
