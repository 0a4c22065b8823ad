"""Roles: the default ones, further ones, and what each implies."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden
from accounts.models import Role, RoleInference
from accounts.services import audit, inputs

LADDER = ("admin", "manager", "member", "reader")
"""The default roles: each implies the next, and thereby all below it."""

DEFAULTS = (*LADDER, "service")


@transaction.atomic
def ensure_defaults() -> dict[str, Role]:
    """The default roles by name; what is missing of them and of what they imply is made."""
    roles = {name: Role.objects.get_or_create(name=name)[0] for name in DEFAULTS}
    for prior, implied in pairwise(LADDER):
        RoleInference.objects.update_or_create(
            prior=roles[prior], implied=roles[implied], defaults={"is_direct": True}
        )
    close()
    return roles


@transaction.atomic
def close() -> None:
    """Bring the rules that follow from others up to the direct ones."""
    direct: dict[str, set[str]] = {}
    for prior, implied in RoleInference.objects.filter(is_direct=True).values_list("prior", "implied"):
        direct.setdefault(prior, set()).add(implied)
    follow = {
        (prior, implied)
        for prior, nearest in direct.items()
        for implied in _all_below(prior, direct) - nearest
        if implied != prior
    }
    RoleInference.objects.filter(is_direct=False).delete()
    RoleInference.objects.bulk_create(
        RoleInference(prior_id=prior, implied_id=implied, is_direct=False) for prior, implied in follow
    )


def _all_below(role: str, direct: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [role]
    while waiting:
        fresh = direct.get(waiting.pop(), set()) - found
        found |= fresh
        waiting.extend(fresh)
    return found


def visible(context: Context) -> QuerySet[Role]:
    """Every role, for whoever may read roles."""
    policy.enforce(context, "role:read")
    return Role.objects.all()


@transaction.atomic
def create(context: Context, given: Mapping[str, object]) -> Role:
    """A further role. Raises Forbidden, BadInput, Conflict."""
    policy.enforce(context, "role:write")
    role = Role(name=inputs.name(given, longest=64), description=inputs.text(given, "description"))
    _store(role)
    audit.record(context, "role.create", target_type="role", target_id=role.id, target_name=role.name)
    return role


@transaction.atomic
def update(context: Context, role_id: str, given: Mapping[str, object]) -> Role:
    policy.enforce(context, "role:write")
    role = inputs.found(Role.objects.all(), role_id, "role")
    if "name" in given and given["name"] != role.name:
        _refuse_default(role)
        role.name = inputs.name(given, longest=64)
    role.description = inputs.text(given, "description", role.description)
    _store(role)
    audit.record(context, "role.update", target_type="role", target_id=role.id, target_name=role.name)
    return role


@transaction.atomic
def delete(context: Context, role_id: str) -> None:
    """Remove a role and every assignment of it. The default ones stay, since the rules stand on them."""
    policy.enforce(context, "role:write")
    role = inputs.found(Role.objects.all(), role_id, "role")
    _refuse_default(role)
    role.delete()
    close()
    audit.record(context, "role.delete", target_type="role", target_id=role_id, target_name=role.name)


def inferences(context: Context) -> QuerySet[RoleInference]:
    """The direct rules: prior → implied."""
    policy.enforce(context, "role:read")
    rules = RoleInference.objects.filter(is_direct=True).select_related("prior", "implied")
    return rules.order_by("prior__name", "implied__name")


def implied(context: Context) -> dict[str, list[RoleInference]]:
    """{role id: rules}, those that follow from others too, the direct ones first. One query."""
    policy.enforce(context, "role:read")
    found: dict[str, list[RoleInference]] = {}
    for rule in RoleInference.objects.select_related("implied").order_by("-is_direct", "implied__name"):
        found.setdefault(rule.prior_id, []).append(rule)
    return found


@transaction.atomic
def imply(context: Context, role_id: str, implied_ids: Iterable[str]) -> Role:
    """Put these direct rules in the place of the role's own ones. Raises Forbidden, NotFound, BadInput.

    The default roles keep what they imply, no role may imply the administrator's (as in Keystone), and rules
    may not run in a circle, since that would make the lesser role as strong as the greater one.
    """
    policy.enforce(context, "role:write")
    role = inputs.found(Role.objects.all(), role_id, "role")
    wanted = {inputs.found(Role.objects.all(), key, "role") for key in implied_ids}
    if role.name in LADDER[:-1]:
        wanted.add(Role.objects.get(name=LADDER[LADDER.index(role.name) + 1]))
    if any(other.name == LADDER[0] for other in wanted):
        raise BadInput(fields={"implied": _("No role may imply the role %(name)s.") % {"name": LADDER[0]}})
    for other in wanted:
        if other == role or RoleInference.objects.filter(prior=other, implied=role).exists():
            sentence = _("The role %(other)s implies %(name)s already, or is the same.")
            raise BadInput(fields={"implied": sentence % {"other": other.name, "name": role.name}})
    RoleInference.objects.filter(prior=role, is_direct=True).exclude(implied__in=wanted).delete()
    for other in wanted:
        RoleInference.objects.update_or_create(prior=role, implied=other, defaults={"is_direct": True})
    close()
    names = sorted(other.name for other in wanted)
    audit.record(
        context,
        "role.imply",
        target_type="role",
        target_id=role.id,
        target_name=role.name,
        detail={"implied": names},
    )
    return role


def _refuse_default(role: Role) -> None:
    if role.name in DEFAULTS:
        raise Forbidden(_("The role %(name)s is one of Meridian's own and stays.") % {"name": role.name})


def _store(role: Role) -> None:
    if Role.objects.filter(name=role.name).exclude(pk=role.pk).exists():
        raise Conflict(_("There is a role %(name)s already.") % {"name": role.name})
    role.save()
