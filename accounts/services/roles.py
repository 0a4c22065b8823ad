"""Roles, the default ones and others, and role inferences."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Forbidden
from accounts.models import Domain, Role, RoleInference
from accounts.names import is_text
from accounts.services import audit, inputs
from accounts.services.saving import save_unique

LADDER = ("admin", "manager", "member", "reader")
"""The default roles: each implies the next, and thereby all below it."""

DEFAULTS = (*LADDER, "service")


@transaction.atomic
def ensure_defaults() -> dict[str, Role]:
    """Create missing default roles and their inferences. Return the roles by name."""
    Role.objects.bulk_create((Role(name=name) for name in DEFAULTS), ignore_conflicts=True)
    roles = {role.name: role for role in Role.objects.filter(name__in=DEFAULTS, domain=None)}
    RoleInference.objects.bulk_create(
        (
            RoleInference(prior=roles[prior], implied=roles[implied], is_direct=True)
            for prior, implied in pairwise(LADDER)
        ),
        update_conflicts=True,
        unique_fields=["prior", "implied"],
        update_fields=["is_direct"],
    )
    rebuild_closure()
    return roles


@transaction.atomic
def rebuild_closure() -> None:
    """Compute the indirect rules anew from the direct ones."""
    direct: dict[str, set[str]] = {}
    for prior, implied in RoleInference.objects.filter(is_direct=True).values_list("prior", "implied"):
        direct.setdefault(prior, set()).add(implied)
    indirect = {
        (prior, implied)
        for prior, nearest in direct.items()
        for implied in _reachable(prior, direct) - nearest
        if implied != prior
    }
    RoleInference.objects.filter(is_direct=False).delete()
    RoleInference.objects.bulk_create(
        RoleInference(prior_id=prior, implied_id=implied, is_direct=False) for prior, implied in indirect
    )


def _reachable(role: str, direct: Mapping[str, set[str]]) -> set[str]:
    below: set[str] = set()
    waiting = [role]
    while waiting:
        unseen = direct.get(waiting.pop(), set()) - below
        below |= unseen
        waiting.extend(unseen)
    return below


def visible_to(context: Context) -> QuerySet[Role]:
    """Return all roles. Raise Forbidden."""
    policy.enforce_somewhere(context, "role:read")
    return Role.objects.all()


@transaction.atomic
def create(context: Context, data: Mapping[str, object]) -> Role:
    """Create a role, for all domains unless one is named. Raise Forbidden, NotFound, BadInput, Conflict."""
    policy.enforce(context, "role:write")
    role = Role(name=inputs.name(data, longest=64), description=inputs.text(data, "description"))
    if (domain_id := inputs.identifier(data, "domain_id")) is not None:
        role.domain = inputs.get_or_404(Domain.objects.all(), domain_id, "domain")
        _refuse_default(role)  # a namesake of admin would deceive people
    _store(role)
    audit.record(context, "role.create", role)
    return role


@transaction.atomic
def update(context: Context, role_id: str, data: Mapping[str, object]) -> Role:
    policy.enforce(context, "role:write")
    role = inputs.get_or_404(Role.objects.all(), role_id, "role")
    if data.get("domain_id", role.domain_id) != role.domain_id:
        raise BadInput(fields={"domain_id": _("A role stays in its domain.")})
    if "name" in data and data["name"] != role.name:
        _refuse_default(role)
        role.name = inputs.name(data, longest=64)
        if role.domain_id is not None:
            _refuse_default(role)
    role.description = inputs.text(data, "description", role.description)
    _store(role)
    audit.record(context, "role.update", role)
    return role


@transaction.atomic
def delete(context: Context, role_id: str) -> None:
    """Delete a role with its assignments. Raise NotFound, and Forbidden also for a default role, which policies need."""
    policy.enforce(context, "role:write")
    role = inputs.get_or_404(Role.objects.all(), role_id, "role")
    _refuse_default(role)
    audit.record(context, "role.delete", role)
    role.delete()
    rebuild_closure()


def inferences_visible_to(context: Context, prior_id: str | None = None) -> QuerySet[RoleInference]:
    """Return the direct rules prior → implied, of one role if named. Raise Forbidden."""
    policy.enforce_somewhere(context, "role:read")
    rules = RoleInference.objects.filter(is_direct=True).select_related("prior", "implied")
    if prior_id is not None:
        rules = rules.filter(prior=prior_id)
    return rules.order_by("prior__name", "implied__name")


def inference(context: Context, prior_id: str, implied_id: str) -> RoleInference:
    """Return one direct rule. Raise Forbidden, NotFound."""
    rules = inferences_visible_to(context)
    rule = (
        rules.filter(prior=prior_id, implied=implied_id).first() if is_text(prior_id + implied_id) else None
    )
    return inputs.raise_not_found("implied role", implied_id) if rule is None else rule


@transaction.atomic
def imply(context: Context, prior_id: str, implied_id: str) -> RoleInference:
    """Make a role imply another; repeating it changes nothing. Raise Forbidden, NotFound."""
    policy.enforce(context, "role:write")
    prior = inputs.get_or_404(Role.objects.all(), prior_id, "role")
    implied = inputs.get_or_404(Role.objects.all(), implied_id, "role")
    if implied.domain_id not in {None, prior.domain_id}:
        raise Forbidden(_("The role %(name)s is given within its own domain.") % {"name": implied.name})
    if implied.name == LADDER[0]:
        raise Forbidden(_("The role %(name)s is given to people, never implied.") % {"name": implied.name})
    if prior == implied or RoleInference.objects.filter(prior=implied, implied=prior).exists():
        raise Forbidden(_("The role %(name)s would imply itself.") % {"name": prior.name})
    rule, _created = RoleInference.objects.update_or_create(
        prior=prior, implied=implied, defaults={"is_direct": True}
    )
    rebuild_closure()
    audit.record(context, "role.imply", rule.prior, implied=rule.implied.name)
    return rule


@transaction.atomic
def stop_implying(context: Context, prior_id: str, implied_id: str) -> None:
    """Delete a direct rule, effective at the next request. Raise NotFound, and Forbidden between default roles."""
    policy.enforce(context, "role:write")
    rule = inference(context, prior_id, implied_id)
    if (rule.prior.name, rule.implied.name) in pairwise(LADDER):
        _refuse_default(rule.prior)
    audit.record(context, "role.stop_implying", rule.prior, implied=rule.implied.name)
    rule.delete()
    rebuild_closure()


def implied(context: Context) -> dict[str, list[RoleInference]]:
    """Return {role id: rules}, direct ones first, then indirect ones. One query. Raise Forbidden."""
    policy.enforce_somewhere(context, "role:read")
    rules: dict[str, list[RoleInference]] = {}
    for rule in RoleInference.objects.select_related("implied").order_by("-is_direct", "implied__name"):
        rules.setdefault(rule.prior_id, []).append(rule)
    return rules


@transaction.atomic
def replace_implied(context: Context, role_id: str, implied_ids: Iterable[str]) -> None:
    """Replace the direct rules of a role, except those between default roles.

    Raise Forbidden and NotFound as `imply` does; then nothing is changed.
    """
    policy.enforce(context, "role:write")
    target = set(implied_ids)
    present = {rule.implied_id: rule for rule in inferences_visible_to(context, role_id)}
    for key in target - present.keys():
        imply(context, role_id, key)
    for key in present.keys() - target:
        if (present[key].prior.name, present[key].implied.name) not in pairwise(LADDER):
            stop_implying(context, role_id, key)


def _refuse_default(role: Role) -> None:
    if role.name in DEFAULTS:
        raise Forbidden(_("The role %(name)s is one of Meridian's own and stays.") % {"name": role.name})


def _store(role: Role) -> None:
    save_unique(role, _("There is a role %(name)s already.") % {"name": role.name})
