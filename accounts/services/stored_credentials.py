"""Credentials that users keep here as in Keystone (Identity API reference, "Credentials"). Their texts are sealed.

Of their types only `ec2` means something to Meridian: `ec2_credentials` makes EC2 keys, and `ec2_tokens` checks what
they sign.

Each text is a secret, and may open more than its reader may. So an application credential reaches only what it made,
and an EC2 key nothing. Unlike in Keystone, who only reads the system reads none.
"""

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy, sealing
from accounts.context import Context
from accounts.errors import BadInput, Forbidden
from accounts.locking import lock_all
from accounts.models import Project, StoredCredential, User
from accounts.names import is_text
from accounts.services import audit, inputs, projects
from accounts.services.application_credentials import enforce_unrestricted
from accounts.services.inputs import Data
from accounts.services.saving import save_unique

LONGEST = 16_384
"""Characters of a credential's text, at most: enough for a chain of certificates."""
MOST = 100
"""Credentials of a user, at most."""
NOUN = "credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Keys:
    """An access key and its secret, as the text of an EC2 key has them."""

    access: str
    secret: str


def visible_to(context: Context) -> QuerySet[StoredCredential]:
    """Return the user's own credentials, those of all with `stored_credential:read`."""
    rows = StoredCredential.objects.all()
    if context.by_ec2_key:
        return rows.none()
    if context.credential is not None:
        return rows.filter(application_credential=context.credential)
    return rows if policy.allows(context, "stored_credential:read") else rows.filter(user=context.user.id)


@transaction.atomic
def create(context: Context, data: Data) -> StoredCredential:
    """Store a credential for `user_id`. Raise Forbidden, BadInput, NotFound, or Conflict for a present access key."""
    user = _owner(context, inputs.identifier(data, "user_id") or context.user.id)
    row = StoredCredential(
        user=user,
        project=_project(context, user, inputs.identifier(data, "project_id")),
        type=inputs.text(data, "type", longest=255),
        application_credential=context.credential,
    )
    return _write(context, "stored_credential.create", row, inputs.text(data, "blob", longest=LONGEST))


@transaction.atomic
def update(context: Context, credential_id: str, data: Data) -> StoredCredential:
    """Change the text of a credential; nothing else of it may change. Tokens of an EC2 key end. Raise as `create`."""
    row = _get(context, credential_id)
    _enforce_write(context, row.user_id)
    for name in ("type", "user_id", "project_id"):
        present = getattr(row, name)
        if data.get(name, present) != present:
            raise BadInput(fields={name: _("This stays as it is; only the blob may change.")})
    row.tokens.all().delete()
    return _write(
        context, "stored_credential.update", row, inputs.text(data, "blob", blob(row), longest=LONGEST)
    )


@transaction.atomic
def delete(context: Context, credential_id: str) -> None:
    """Delete a credential. Tokens of an EC2 key end with it. Raise Forbidden, NotFound."""
    row = _get(context, credential_id)
    enforce_unrestricted(context)
    policy.enforce_own(context, row.user_id, "stored_credential:write")
    audit.record(context, "stored_credential.delete", row)
    row.delete()


def blob(row: StoredCredential) -> str:
    """Return the text; empty if the installation's secret key has changed since."""
    return sealing.unseal(row.sealed_blob) or ""


def read_keys(text: str) -> Ec2Keys | None:
    """Return the keys that the text of an EC2 key holds; None for any other text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    access, secret = value.get("access"), value.get("secret")
    return Ec2Keys(access=access, secret=secret) if is_text(access) and is_text(secret, LONGEST) else None


def _get(context: Context, credential_id: str) -> StoredCredential:
    return inputs.get_or_404(visible_to(context).select_for_update(no_key=True), credential_id, NOUN)


def _owner(context: Context, user_id: str) -> User:
    """Return the user of a new credential. Raise Forbidden, also if they have as many as one may have, NotFound."""
    _enforce_write(context, user_id)
    user = inputs.get_or_404(User.objects.all(), user_id, "user")
    lock_all(User.objects.select_for_update(no_key=True).filter(pk=user_id))
    if StoredCredential.objects.filter(user=user).count() >= MOST:
        raise Forbidden(_("A user keeps at most %(most)s credentials. Delete one first.") % {"most": MOST})
    return user


def _enforce_write(context: Context, user_id: str) -> None:
    enforce_unrestricted(context)
    if user_id == context.user.id:
        policy.enforce(context, "credential:write")
        return
    policy.enforce(context, "stored_credential:write")
    if context.credential is not None:
        raise Forbidden(_("An application credential makes credentials of its own user alone."))


def _project(context: Context, user: User, project_id: str | None) -> Project | None:
    """Return the project. Raise NotFound, also for one in which the user who asks for themselves has no role.

    An application credential reaches its own project alone.
    """
    if project_id is None:
        return None
    rows: QuerySet[Project]
    if context.credential is not None:
        rows = Project.objects.filter(pk=context.credential.project_id)
    elif policy.allows(context, "stored_credential:write"):
        rows = Project.objects.all()
    else:
        rows = projects.unscoped_of_user(user)
    return inputs.get_or_404(rows, project_id, "project")


def _write(context: Context, action: str, row: StoredCredential, text: str) -> StoredCredential:
    """Seal the text into the row and store it. Raise BadInput, Conflict."""
    if row.type.lower() == StoredCredential.EC2:
        row.access = _access(row, text)
        if row._state.adding:
            row.pk = hashlib.sha256(row.access.encode()).hexdigest()
    row.sealed_blob = sealing.seal(text)
    save_unique(row, _("There is a credential with this access key already."))
    audit.record(context, action, row, type=row.type)
    return row


def _access(row: StoredCredential, text: str) -> str:
    """Return the access key of an EC2 key. Raise BadInput unless its text has both keys, and it has a project."""
    if row.project_id is None:
        raise BadInput(fields={"project_id": _("An EC2 key is for one project. Name it.")})
    keys = read_keys(text)
    if keys is None:
        raise BadInput(fields={"blob": _("Give the JSON of an object with the texts access and secret.")})
    return keys.access
