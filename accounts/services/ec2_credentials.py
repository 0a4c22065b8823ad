"""EC2 keys of users, by which other services let clients of AWS in (`openstack ec2 credentials create`)."""

import json
import secrets

from django.db.models import QuerySet

from accounts.context import Context
from accounts.models import StoredCredential, User
from accounts.names import is_text
from accounts.services import inputs, scoping, stored_credentials


def visible_to(context: Context, user_id: str) -> QuerySet[StoredCredential]:
    """Return a user's EC2 keys, newest last. Raise Forbidden for those of others without `stored_credential:read`."""
    scoping.enforce_user(context, user_id, "stored_credential:read")
    if user_id != context.user.id:
        inputs.get_or_404(User.objects.all(), user_id, "user")
    rows = stored_credentials.visible_to(context).filter(user=user_id, access__isnull=False)
    return rows.order_by("created_at", "id")


def create(context: Context, user_id: str, project_id: str) -> StoredCredential:
    """Create a random EC2 key of a user for a project. Raise Forbidden, NotFound."""
    keys = {"access": secrets.token_hex(16), "secret": secrets.token_hex(16)}
    return stored_credentials.create(
        context,
        {
            "user_id": user_id,
            "project_id": project_id,
            "type": StoredCredential.EC2,
            "blob": json.dumps(keys),
        },
    )


def get_visible(context: Context, user_id: str, access: str) -> StoredCredential:
    """Return a user's EC2 key. Raise Forbidden, NotFound."""
    rows = visible_to(context, user_id)
    row = rows.filter(access=access).first() if is_text(access) else None
    return row or inputs.raise_not_found(stored_credentials.NOUN, access)


def delete(context: Context, user_id: str, access: str) -> None:
    """Delete a user's EC2 key and its tokens. Raise Forbidden, NotFound."""
    stored_credentials.delete(context, get_visible(context, user_id, access).id)


def secret(row: StoredCredential) -> str:
    """Return the secret; empty if the installation's secret key has changed since."""
    keys = stored_credentials.read_keys(stored_credentials.blob(row))
    return keys.secret if keys else ""
