"""Where the pages are that are about something."""

from uuid import UUID

from django.urls import get_resolver, reverse

from tests.stack import Stack

UNKNOWN = "x"
"""For what the tests made none of."""


def address(stack: Stack, route: str) -> str:
    """The path of a route, about one of what the tests made."""
    values = {
        "instance_id": stack.instance("steady")["uuid"],
        "verb": "start",
        "key": "defaults",
        "call_key": "compute-servers-post",
        "project_id": _id(stack, "accounts_project", "quiet"),
        "user_id": _id(stack, "accounts_user", "mel"),
        "group_id": _id(stack, "accounts_group", "crew"),
        "role_id": _id(stack, "accounts_role", "member"),
        "domain_id": "default",
        "flavor_id": _id(stack, "compute_flavor", "tiny"),
        "schedule_id": str(UUID(stack.rows("select id from compute_schedule")[0]["id"])),
        "hypervisor_id": str(UUID(stack.rows("select id from compute_hypervisor")[0]["id"])),
        "volume_id": str(UUID(stack.rows("select id from compute_volume where name = 'library'")[0]["id"])),
        "volume_type_id": str(UUID(stack.rows("select id from compute_volumetype")[0]["id"])),
        "image_id": str(UUID(stack.rows("select id from compute_image")[0]["id"])),
        "qos_id": str(UUID(stack.rows("select id from compute_qosspecs")[0]["id"])),
        "pool_id": str(UUID(stack.rows("select id from compute_pool")[0]["id"])),
        "snapshot_id": str(UUID(int=0)),
        "instance_snapshot_id": str(UUID(int=0)),
        "backup_id": str(UUID(int=0)),
        "aggregate_id": str(stack.rows("select id from compute_aggregate")[0]["id"]),
    }
    possibilities = get_resolver("portal.urls").reverse_dict.getlist(route)
    names = possibilities[0][0][0][1]
    return reverse(route, kwargs={name: values.get(name, UNKNOWN) for name in names})


def _id(stack: Stack, table: str, name: str) -> str:
    return str(stack.rows(f"select id from {table} where name = ?", name)[0]["id"])  # noqa: S608 - ours
