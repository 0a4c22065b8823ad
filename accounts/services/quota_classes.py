"""Nova's quota classes. The limits of the class `default` are those of all projects without their own.

Other classes are kept for clients that set them, and limit nobody, as in Nova.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts import policy
from accounts.context import Context
from accounts.models import ClassQuota
from accounts.names import is_text
from accounts.services import audit, inputs, quotas

DEFAULT = "default"
LONGEST_NAME = 255


def limits(context: Context, name: str) -> dict[str, int]:
    """Return {resource: limit} of a class: own row, else the default. Raise Forbidden."""
    policy.enforce(context, "quota:write")
    rows = ClassQuota.objects.filter(name=name) if is_text(name, LONGEST_NAME) else ClassQuota.objects.none()
    return quotas.defaults() | dict(rows.values_list("resource", "limit"))


@transaction.atomic
def update(context: Context, name: str, changes: Mapping[str, object]) -> None:
    """Set limits of a class. Raise Forbidden, NotFound, or BadInput naming each wrong field."""
    if name == DEFAULT:
        quotas.update(context, None, changes)
        return
    policy.enforce(context, "quota:write")
    if not is_text(name, LONGEST_NAME):
        inputs.raise_not_found("quota class", name)
    values: dict[str, Any] = quotas.parse_limits(changes)
    for resource, limit in values.items():
        ClassQuota.objects.update_or_create(name=name, resource=resource, defaults={"limit": limit})
    audit.record(context, "quota.update", audit.Target(type="quota_class", name=name), **values)
