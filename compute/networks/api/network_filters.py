"""Filters of lists of networks and subnets, as conditions on rows.

Every field is a filter; a repeated one fits any of its values.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from accounts.names import is_text
from accounts.openstack import ids
from compute.networks.api import subnets

Condition = Callable[[list[str]], Q]
NOTHING = Q(pk__in=[])

SAME_FOR_NETWORKS: Mapping[str, Any] = {
    "admin_state_up": True,
    "status": "ACTIVE",
    "router:external": False,
    "mtu": 1500,
    "port_security_enabled": True,
    "description": "",
}
SAME_FOR_SUBNETS: Mapping[str, Any] = {
    "ip_version": 4,
    "enable_dhcp": True,
    "ipv6_address_mode": None,
    "ipv6_ra_mode": None,
    "description": "",
}
_SORTS = {
    "id": "pk",
    "name": "name",
    "tenant_id": "project_id",
    "project_id": "project_id",
    "created_at": "created_at",
    "updated_at": "created_at",
}
NETWORK_SORTS = _SORTS | dict.fromkeys(SAME_FOR_NETWORKS, "pk")
SUBNET_SORTS = _SORTS | {"network_id": "pk", "cidr": "cidr"} | dict.fromkeys(SAME_FOR_SUBNETS, "pk")


def network_condition(query: QueryDict) -> Q:
    """Return the condition of the networks that fit the query."""
    conditions: dict[str, Condition] = {"id": lambda values: Q(pk__in=ids.uuids(values)), "shared": _shared}
    return _combine(query, _COMMON | conditions, SAME_FOR_NETWORKS)


def subnet_condition(query: QueryDict) -> Q:
    """Return the condition of the networks whose subnets fit the query."""
    conditions: dict[str, Condition] = {
        "id": lambda values: Q(pk__in=list(filter(None, map(subnets.network_key, values)))),
        "network_id": lambda values: Q(pk__in=ids.uuids(values)),
        "cidr": lambda values: Q(cidr__in=list(filter(is_text, values))),
        "gateway_ip": lambda values: Q(cidr__in=subnets.ranges_with_gateway(values)),
    }
    return _combine(query, _COMMON | conditions, SAME_FOR_SUBNETS)


def _combine(query: QueryDict, conditions: Mapping[str, Condition], same: Mapping[str, Any]) -> Q:
    condition = Q()
    for name in query:
        values = query.getlist(name)
        if name in conditions:
            condition &= conditions[name](values)
        elif name in same and str(same[name]).lower() not in {value.lower() for value in values}:
            condition &= NOTHING
    return condition


def _name(values: list[str]) -> Q:
    return reduce(or_, (Q(name__iexact=value) if is_text(value) else NOTHING for value in values))


def _project(values: list[str]) -> Q:
    """Return the condition of the owners; the empty text stands for shared networks."""
    condition = Q(project__in=[value for value in values if is_text(value)])
    return condition | Q(project=None) if "" in values else condition


def _shared(values: list[str]) -> Q:
    texts = {value.lower() for value in values}
    return reduce(
        or_, (Q(project__isnull=shared) for shared in (True, False) if str(shared).lower() in texts), NOTHING
    )


def _created(values: list[str]) -> Q:
    """Return the condition of times, which are shown in whole seconds."""
    condition = NOTHING
    for value in values:
        try:
            moment = parse_datetime(value.upper())
        except ValueError:
            continue
        if moment is not None and moment.tzinfo is not None:
            condition |= Q(created_at__gte=moment, created_at__lt=moment + timedelta(seconds=1))
    return condition


_COMMON: dict[str, Condition] = {
    "name": _name,
    "tenant_id": _project,
    "project_id": _project,
    "created_at": _created,
    "updated_at": _created,
}
