"""The rule table: which role a deed needs. Deny by default: a deed without a rule is nobody's.

Deeds are named `noun:verb`. A rule names the least role; roles above it imply it (`accounts.services.roles`).
"""

from accounts.context import Context
from accounts.errors import Forbidden

RULES: dict[str, str] = {
    "instance:read": "reader",
    "instance:console": "member",
    "instance:launch": "member",
    "instance:start": "member",
    "instance:stop": "member",
    "instance:force_stop": "member",
    "instance:reboot": "member",
    "instance:force_reboot": "member",
    "instance:rename": "member",
    "instance:describe": "member",
    "instance:pause": "member",
    "instance:unpause": "member",
    "instance:suspend": "member",
    "instance:resume": "member",
    "instance:shelve": "member",
    "instance:unshelve": "member",
    "instance:resize": "member",
    "instance:grow": "member",
    "instance:confirm_resize": "member",
    "instance:revert_resize": "member",
    "instance:rescue": "member",
    "instance:unrescue": "member",
    "instance:rebuild": "member",
    "instance:clone": "member",
    "instance:take_image": "member",
    "instance:cancel": "member",
    "instance:set_password": "member",
    "instance:set_expiry": "member",
    "instance:set_expiry_of_others": "manager",
    "instance:set_expiry_freely": "admin",
    "schedule:write": "member",
    "instance:lock": "member",
    "instance:unlock": "member",
    "instance:override_lock": "admin",
    "instance:set_metadata": "member",
    "instance:set_tags": "member",
    "instance:set_access": "member",
    "instance:reset_state": "admin",
    "instance:read_host": "admin",
    "instance:choose_host": "admin",
    "instance:delete": "member",
    "instance:restore": "member",
    "instance:purge": "member",
    "image:read": "reader",
    "image:delete": "member",
    "image:delete_public": "admin",
    "flavor:read": "reader",
    "flavor:write": "admin",
    "network:read": "reader",
    "usage:read": "reader",
    "usage:read_all": "admin",
    "server_group:read": "reader",
    "server_group:write": "member",
    "keypair:write": "reader",
    "keypair:write_all": "admin",
    "activity:read": "reader",
    "quota:read": "reader",
    "quota:ask": "member",
    "quota:withdraw": "manager",
    "quota:write": "admin",
    "audit:read": "manager",
    "project:read": "admin",
    "project:write": "admin",
    "domain:read": "admin",
    "domain:write": "admin",
    "user:read": "admin",
    "user:write": "admin",
    "group:read": "admin",
    "group:write": "admin",
    "role:read": "reader",
    "role:write": "admin",
    "assignment:read": "admin",
    "assignment:write": "admin",
    "credential:write": "reader",
    "catalog:read": "reader",
    "catalog:write": "admin",
    "token:read": "admin",
    "token:write": "admin",
    "health:read": "admin",
    "hypervisor:read": "admin",
    "hypervisor:write": "admin",
    "migration:read": "admin",
}

SERVICES = frozenset({"token:read"})
"""What other services may do as well: they carry the role `service` and must know who asks them."""


def allows(context: Context, deed: str) -> bool:
    """Whether the asker's roles allow the deed."""
    return RULES.get(deed) in context.roles or (deed in SERVICES and "service" in context.roles)


def enforce(context: Context, deed: str) -> None:
    """Raise Forbidden unless `allows`; the sentence names the role that is missing."""
    if not allows(context, deed):
        raise Forbidden.needing(RULES.get(deed))


def enforce_own(context: Context, user_id: str, deed: str) -> None:
    """The same, but what is the asker's own needs no role."""
    if user_id != context.user.id:
        enforce(context, deed)
