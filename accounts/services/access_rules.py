"""The access rules of a user, to which their application credentials are or were limited."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.access_rules import clean_rules
from accounts.context import Context
from accounts.errors import BadInput, Forbidden
from accounts.models import AccessRule, ApplicationCredential, User
from accounts.services import audit, inputs, scoping


def visible_to(context: Context, user_id: str) -> QuerySet[AccessRule]:
    """Return a user's rules. Raise Forbidden for those of others without `user:read`."""
    scoping.enforce_user(context, user_id, "user:read")
    return AccessRule.objects.filter(user=user_id)


def ensure(user: User, value: object) -> list[dict[str, Any]]:
    """Return the rules of a new credential as `{id, service, method, path}`, creating missing ones. Raise BadInput."""
    return [_to_dict(_row(user, rule)) for rule in clean_rules(value)]


@transaction.atomic
def delete(context: Context, user_id: str, rule_id: str) -> None:
    """Delete a rule that no credential has any more. Raise Forbidden, NotFound."""
    scoping.enforce_user(context, user_id, "user:write")
    rule = inputs.get_or_404(visible_to(context, user_id), rule_id, "access rule")
    credentials = ApplicationCredential.objects.filter(user=user_id).values_list("access_rules", flat=True)
    if any(entry["id"] == rule.id for rules in credentials for entry in rules):
        raise Forbidden(_("An application credential still has this access rule."))
    audit.record(context, "access_rule.delete", rule)
    rule.delete()


def _row(user: User, rule: dict[str, str]) -> AccessRule:
    if "id" not in rule:
        return AccessRule.objects.get_or_create(
            user=user, service=rule["service"], method=rule["method"], path=rule["path"]
        )[0]
    row = AccessRule.objects.filter(user=user, pk=rule["id"]).first()
    if row is None:
        raise BadInput(fields={"access_rules": _("You have no access rule of this id.")})
    return row


def _to_dict(row: AccessRule) -> dict[str, Any]:
    return {"id": row.id, "service": row.service, "method": row.method, "path": row.path}
