"""Policies of other services, as Keystone keeps them: texts that mean nothing here."""

from django.db import transaction
from django.db.models import QuerySet

from accounts import policy
from accounts.context import Context
from accounts.models import Policy
from accounts.services import audit, inputs
from accounts.services.inputs import Data

LONGEST = 65_535
"""Characters of a policy, at most."""


def all_for_admin(context: Context) -> QuerySet[Policy]:
    """Return all policies. Raise Forbidden."""
    policy.enforce(context, "policy:read")
    return Policy.objects.all()


@transaction.atomic
def create(context: Context, data: Data) -> Policy:
    """Create a policy. Raise Forbidden, BadInput."""
    policy.enforce(context, "policy:write")
    return _fill(context, "policy.create", Policy(), data)


@transaction.atomic
def update(context: Context, policy_id: str, data: Data) -> Policy:
    policy.enforce(context, "policy:write")
    row = inputs.get_or_404(Policy.objects.all(), policy_id, "policy")
    return _fill(context, "policy.update", row, data)


@transaction.atomic
def delete(context: Context, policy_id: str) -> None:
    policy.enforce(context, "policy:write")
    row = inputs.get_or_404(Policy.objects.all(), policy_id, "policy")
    audit.record(context, "policy.delete", row)
    row.delete()


def _fill(context: Context, action: str, row: Policy, data: Data) -> Policy:
    row.type = inputs.text(data, "type", row.type, longest=255)
    row.blob = inputs.text(data, "blob", row.blob, longest=LONGEST)
    row.save()
    audit.record(context, action, row)
    return row
