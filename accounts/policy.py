"""The rule table: the role that each rule requires. Deny by default: an unregistered rule allows nobody.

Rules are named `noun:verb`. Each names the least role; roles above it imply it (`accounts.services.roles`).
Accounts has only its own rules here; every other app registers those of its nouns.

Where a role counts is part of the rule. On a project and on the system it counts for `RULES`; so admin on either
administers the cloud. On a domain it counts for `DOMAIN_RULES` alone, and only for what belongs to the domain
(Keystone's administrator guide, "Service API protection": domain personas).
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
    "stored_credential:read": "admin",
    "stored_credential:write": "admin",
    "signature:check": "admin",
    "catalog:read": "reader",
    "catalog:write": "admin",
    "endpoint_filter:read": "admin",
    "endpoint_filter:write": "admin",
    "policy:read": "admin",
    "policy:write": "admin",
    "token:read": "admin",
    "token:write": "admin",
}
"""{rule: least role}, with what other apps registered."""

DOMAIN_RULES: dict[str, str] = {
    "project:read": "reader",
    "project:write": "manager",
    "domain:read": "reader",
    "user:read": "reader",
    "user:write": "manager",
    "group:read": "reader",
    "group:write": "manager",
    "role:read": "reader",
    "assignment:read": "reader",
    "assignment:write": "manager",
    "catalog:read": "reader",
    "quota:read": "reader",
}
"""{rule: least role on a domain}. `accounts.services.scoping` finds the rows that such a role reaches."""

SERVICES = frozenset({"token:read", "signature:check"})
"""Rules that also the role `service` meets: other services must check the tokens and signatures of their clients."""


def register(rules: Mapping[str, str]) -> None:
    """Add the rules of an app; called once it is ready. Raise ValueError if a rule exists already."""
    if duplicates := sorted(RULES.keys() & rules.keys()):
        raise ValueError(f"These rules are registered already: {', '.join(duplicates)}")
    RULES.update(rules)


def allows(context: Context, rule: str) -> bool:
    """Return whether the roles of the context meet the rule, wherever its rows are."""
    return RULES.get(rule) in context.roles or (rule in SERVICES and "service" in context.roles)


def domains(context: Context, rule: str) -> frozenset[str]:
    """Return the ids of the domains on which a role of the context meets the rule."""
    role = DOMAIN_RULES.get(rule)
    return frozenset(key for key, roles in context.domain_roles.items() if role in roles)


def allows_somewhere(context: Context, rule: str) -> bool:
    """Return whether the context meets the rule for anything: everywhere, or on some domain."""
    return allows(context, rule) or bool(domains(context, rule))


def required_role(rule: str) -> str | None:
    """Return the least role that the rule requires; None if it allows nobody."""
    return RULES.get(rule)


def enforce(context: Context, rule: str) -> None:
    """Raise Forbidden, naming the missing role, unless the context meets the rule."""
    if not allows(context, rule):
        raise Forbidden.needing(RULES.get(rule))


def enforce_somewhere(context: Context, rule: str) -> None:
    """Raise Forbidden, naming the missing role, unless the context meets the rule for anything."""
    if not allows_somewhere(context, rule):
        raise Forbidden.needing(RULES.get(rule))


def enforce_own(context: Context, user_id: str, rule: str) -> None:
    """Raise Forbidden unless the user is that of the context, or the context meets the rule."""
    if user_id != context.user.id:
        enforce(context, rule)
