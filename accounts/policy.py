"""The rule table: the role that each rule requires. Deny by default: an unregistered rule allows nobody.

Rules are named `noun:verb`. Each names the least role; roles above it imply it (`accounts.services.roles`).
Accounts has only its own rules here; every other app registers those of its nouns.
"""

from collections.abc import Mapping

from accounts.context import Context
from accounts.errors import Forbidden

RULES: dict[str, str] = {
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
}
"""{rule: least role}, with what other apps registered."""

SERVICES = frozenset({"token:read"})
"""Rules that also the role `service` meets: other services must check the tokens of their clients."""


def register(rules: Mapping[str, str]) -> None:
    """Add the rules of an app; called once it is ready. Raise ValueError if a rule exists already."""
    if duplicates := sorted(RULES.keys() & rules.keys()):
        raise ValueError(f"These rules are registered already: {', '.join(duplicates)}")
    RULES.update(rules)


def allows(context: Context, rule: str) -> bool:
    """Return whether the roles of the context meet the rule."""
    return RULES.get(rule) in context.roles or (rule in SERVICES and "service" in context.roles)


def required_role(rule: str) -> str | None:
    """Return the least role that the rule requires; None if it allows nobody."""
    return RULES.get(rule)


def enforce(context: Context, rule: str) -> None:
    """Raise Forbidden, naming the missing role, unless the context meets the rule."""
    if not allows(context, rule):
        raise Forbidden.needing(RULES.get(rule))


def enforce_own(context: Context, user_id: str, rule: str) -> None:
    """Raise Forbidden unless the user is that of the context, or the context meets the rule."""
    if user_id != context.user.id:
        enforce(context, rule)
