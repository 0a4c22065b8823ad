"""Application credentials, with which scripts sign in as a user."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.authentication import LONGEST_PASSWORD
from accounts.context import Context
from accounts.errors import BadInput, Forbidden
from accounts.models import ApplicationCredential, Role
from accounts.names import is_text
from accounts.services import access_rules, assignments, audit, inputs, scoping
from accounts.services.inputs import Data
from accounts.services.saving import save_unique

RANDOM = "sha256$"
"""Prefix of hashes of random secrets: 256 random bits need no slow hash, secrets that people choose do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A new credential and its secret, which is stored nowhere."""

    credential: ApplicationCredential
    secret: str


def visible_to(context: Context, user_id: str) -> QuerySet[ApplicationCredential]:
    """Return a user's credentials. Raise Forbidden for those of others without `user:read`."""
    scoping.enforce_user(context, user_id, "user:read")
    return ApplicationCredential.objects.filter(user=user_id).prefetch_related("roles")


@transaction.atomic
def create(context: Context, user_id: str, data: Data) -> Created:
    """Create a credential for the context's user and project. Raise Forbidden, BadInput, Conflict.

    Without `roles` in the data it has all roles of the user there.
    """
    policy.enforce(context, "credential:write")
    enforce_unrestricted(context)
    if user_id != context.user.id:
        raise Forbidden(_("Application credentials are made by their own user."))
    if context.project is None:
        raise Forbidden(_("Work in a project first: an application credential is for one project."))
    name = inputs.name(data)
    expires_at = inputs.moment(data, "expires_at")
    if expires_at is not None and expires_at <= timezone.now():
        raise BadInput(fields={"expires_at": _("This time is in the past.")})
    secret, secret_hash = _secret(data.get("secret"))
    credential = ApplicationCredential(
        user=context.user,
        project=context.project,
        name=name,
        description=inputs.text(data, "description"),
        secret_hash=secret_hash,
        unrestricted=inputs.flag(data, "unrestricted", False),
        access_rules=access_rules.ensure(context.user, data.get("access_rules")),
        expires_at=expires_at,
    )
    conflict = _("There is an application credential %(name)s already.") % {"name": name}
    save_unique(credential, conflict, fields={"name": ""})
    credential.roles.set(_select_roles(context, data.get("roles")))
    audit.record(context, "credential.create", credential)
    return Created(credential=credential, secret=secret)


@transaction.atomic
def delete(context: Context, user_id: str, credential_id: str) -> None:
    """Delete a credential with its tokens. Raise Forbidden, NotFound."""
    scoping.enforce_user(context, user_id, "user:write")
    enforce_unrestricted(context)
    credential = inputs.get_or_404(visible_to(context, user_id), credential_id, "application credential")
    audit.record(context, "credential.delete", credential)
    credential.delete()


def enforce_unrestricted(context: Context) -> None:
    """Raise Forbidden for a token of an EC2 key or of a restricted credential: it makes and deletes no others."""
    if context.credential is not None and not context.credential.unrestricted:
        raise Forbidden(_("A restricted application credential cannot make or delete others."))
    if context.by_ec2_key:
        raise Forbidden(_("A token of an EC2 key cannot make or delete credentials."))


def verify_secret(credential: ApplicationCredential, secret: object) -> bool:
    """Return whether this is the secret, in constant time."""
    if not is_text(secret, LONGEST_PASSWORD):
        return False
    if has_random_secret(credential):
        return hmac.compare_digest(credential.secret_hash, RANDOM + _digest(secret))
    return check_password(secret, credential.secret_hash)


def has_random_secret(credential: ApplicationCredential) -> bool:
    """Return whether we generated the secret at random."""
    return credential.secret_hash.startswith(RANDOM)


def current_roles(credential: ApplicationCredential) -> dict[str, str]:
    """Return {role id: name} of the credential's roles that its user still has. Two queries."""
    present = assignments.roles_of(credential.user, project=credential.project)
    granted: set[str] = set()
    for role_id, implied_id in credential.roles.values_list("pk", "inferences__implied"):
        granted |= {role_id, implied_id}
    return {role_id: name for role_id, name in present.items() if role_id in granted}


def _secret(value: object) -> tuple[str, str]:
    """Return the secret and its hash, a random secret by default. Raise BadInput."""
    if value is None or value == "":
        secret = secrets.token_urlsafe(32)
        return secret, RANDOM + _digest(secret)
    if not is_text(value, LONGEST_PASSWORD):
        raise BadInput(fields={"secret": _("This is no secret that we could keep.")})
    return value, make_password(value)


def _select_roles(context: Context, value: object) -> list[Role]:
    """Return the named roles, by default all of the user's. Raise BadInput for one that the user does not have."""
    own_roles = Role.objects.filter(name__in=context.roles, domain=None)
    if value is None or value == []:
        return list(own_roles)
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(entry, dict) for entry in value):
        raise BadInput(fields={"roles": _("Give a list of objects with an id or a name.")})
    roles = []
    for entry in value:
        key = {field: entry[field] for field in ("id", "name") if is_text(entry.get(field), 64)}
        role = own_roles.filter(**key).first() if key else None
        if role is None:
            raise BadInput(fields={"roles": _("You do not have each of these roles in this project.")})
        roles.append(role)
    return roles


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
