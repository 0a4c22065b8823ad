"""The rule table: which role a deed needs. Deny by default: a deed without a rule is nobody's.

Deeds are named `noun:verb`. A rule names the least role; roles above it imply it (accounts.context.IMPLIED).
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
    "instance:delete": "member",
    "instance:restore": "member",
    "instance:purge": "member",
    "image:read": "reader",
    "flavor:read": "reader",
    "keypair:write": "reader",
    "activity:read": "reader",
    "quota:read": "reader",
    "quota:write": "admin",
    "project:read": "admin",
    "health:read": "admin",
    "hypervisor:read": "admin",
}


def allows(context: Context, deed: str) -> bool:
    """Whether the asker's roles allow the deed."""
    return RULES.get(deed) in context.roles


def enforce(context: Context, deed: str) -> None:
    """Raise Forbidden unless `allows`; the sentence names the role that is missing."""
    if not allows(context, deed):
        raise Forbidden.needing(RULES.get(deed))
