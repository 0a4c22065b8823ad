"""Schemas of `/os-server-groups`: with `policies` until 2.63, with `policy` and `rules` since."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    INTEGER,
    NAME,
    STRING,
    UUID,
    Schema,
    extended,
    list_of,
    nullable,
    object_of,
    one_of,
    query_of,
    whole,
)
from compute.api.schemas import LIMIT
from compute.instances.models.server_group import Policy

HARD = (Policy.AFFINITY.value, Policy.ANTI_AFFINITY.value)


def _create(minor: int) -> Schema:
    policy = one_of(*(Policy.values if minor >= 15 else HARD))
    if minor >= 64:
        rules = object_of(optional={"max_server_per_host": nullable(whole(1, 2**31 - 1))})
        return object_of({"server_group": object_of({"name": NAME, "policy": policy}, {"rules": rules})})
    policies = list_of(policy, least=1, most=1)
    return object_of({"server_group": object_of({"name": NAME, "policies": policies})})


def _row(minor: int) -> Schema:
    row = object_of({"id": UUID, "name": STRING, "members": list_of(UUID)})
    if minor >= 13:
        row = extended(row, {"project_id": STRING, "user_id": STRING})
    if minor >= 64:
        return extended(
            row, {"policy": STRING, "rules": object_of(optional={"max_server_per_host": INTEGER})}
        )
    return extended(row, {"policies": list_of(STRING), "metadata": object_of()})


CREATE = by_version(_create, 15, 64)
SHOWN = by_version(lambda minor: object_of({"server_group": _row(minor)}), 13, 64)
LIST = by_version(lambda minor: object_of({"server_groups": list_of(_row(minor))}), 13, 64)
QUERY: Schema = query_of(all_projects=ANY, limit=LIMIT, offset=whole(0, 10**9))
