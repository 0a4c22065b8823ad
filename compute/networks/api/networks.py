"""Network v2.0, to read: networks and the range of addresses of each. Below /network."""

import ipaddress
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import NotFound
from accounts.openstack.times import seconds
from compute.api.base import limit_of, page
from compute.networks.api.base import NETWORK, NetworkView
from compute.networks.models import Network
from compute.networks.services import networks

MTU = 1500
Show = Callable[[Network], dict[str, Any]]


class Networks(NetworkView):
    def get(self, request: Request) -> HttpResponse:
        return _list(self, request, "networks", show_network)


class OneNetwork(NetworkView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return _one(self, request, "network", key, show_network)


class Subnets(NetworkView):
    def get(self, request: Request) -> HttpResponse:
        return _list(self, request, "subnets", show_subnet)


class OneSubnet(NetworkView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return _one(self, request, "subnet", key, show_subnet)


def subnet_id(network: Network) -> str:
    """A network has one range, whose id follows from the network's."""
    return str(uuid.uuid5(network.pk, "subnet"))


def show_network(network: Network) -> dict[str, Any]:
    return {
        "id": str(network.pk),
        "name": network.name,
        **_owner(network),
        "admin_state_up": True,
        "status": "ACTIVE",
        "shared": network.project_id is None,
        "router:external": False,
        "subnets": [subnet_id(network)],
        "mtu": MTU,
        "port_security_enabled": True,
        "availability_zones": [],
        "availability_zone_hints": [],
        "description": "",
        "tags": [],
        "created_at": seconds(network.created_at),
        "updated_at": seconds(network.created_at),
    }


def show_subnet(network: Network) -> dict[str, Any]:
    subnet = ipaddress.IPv4Network(network.cidr)
    return {
        "id": subnet_id(network),
        "name": network.name,
        **_owner(network),
        "network_id": str(network.pk),
        "cidr": network.cidr,
        "ip_version": 4,
        "gateway_ip": str(subnet[1]),
        "enable_dhcp": True,
        "allocation_pools": [{"start": str(subnet[2]), "end": str(subnet[-2])}],
        "dns_nameservers": [],
        "host_routes": [],
        "ipv6_address_mode": None,
        "ipv6_ra_mode": None,
        "description": "",
        "tags": [],
        "created_at": seconds(network.created_at),
        "updated_at": seconds(network.created_at),
    }


def _owner(network: Network) -> dict[str, str]:
    owner = network.project_id or ""
    return {"tenant_id": owner, "project_id": owner}


def _list(view: NetworkView, request: Request, plural: str, show: Show) -> HttpResponse:
    """Every field of a row is a filter too; one that may be said twice fits either."""
    query = request.query_params
    limit_of(query)
    rows = [show(network) for network in networks.visible(view.context)]
    for name in query:
        if rows and name in rows[0] and not isinstance(rows[0][name], list):
            wanted = {value.lower() for value in query.getlist(name)}
            rows = [row for row in rows if str(row[name]).lower() in wanted]
    by_id = {row["id"]: row for row in rows}
    keys, more = page(query, list(by_id))
    body: dict[str, Any] = {plural: [_picked(request, by_id[key]) for key in keys]}
    if more:
        following = query.copy()
        following["marker"] = keys[-1]
        href = NETWORK.url(f"{plural}?{following.urlencode()}")
        body[f"{plural}_links"] = [{"rel": "next", "href": href}]
    return JsonResponse(body)


def _one(view: NetworkView, request: Request, noun: str, key: str, show: Show) -> HttpResponse:
    for network in networks.visible(view.context):
        if (shown := show(network))["id"] == key:
            return JsonResponse({noun: _picked(request, shown)})
    raise NotFound(_("%(noun)s %(key)s could not be found.") % {"noun": noun.title(), "key": key[:64]})


def _picked(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """The fields that the query names; all where it names none."""
    wanted = request.query_params.getlist("fields")
    return {name: row[name] for name in wanted if name in row} if wanted else row
