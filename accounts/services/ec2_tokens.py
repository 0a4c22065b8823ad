"""Tokens for what EC2 keys have signed. Other services ask for them, as Keystone's do for their clients of AWS.

Nobody else may: a signature passes many hands, in presigned addresses for instance (OpenStack security advisory
CVE-2025-65073). An unknown key and a wrong signature fail with the same words.
"""

import base64
import binascii

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, NotSignedIn
from accounts.models import StoredCredential
from accounts.services import ec2_credentials, ec2_signatures, tokens
from accounts.services.ec2_signatures import SignedRequest
from accounts.services.tokens import Issued, Scope, Valid

METHODS = ["ec2credential"]
"""The methods of such tokens, in Keystone's words."""


def issue(context: Context, request: SignedRequest) -> Issued:
    """Issue a token for the project of the key that signed the request. Raise Forbidden, NotSignedIn."""
    policy.enforce(context, "signature:check")
    key = _find(request.access)
    if not ec2_signatures.is_signed(request, ec2_credentials.secret(key), timezone.now()):
        raise _refused()
    return tokens.issue(
        key.user, METHODS, Scope(project=key.project), credential=key.application_credential, ec2_key=key
    )


def describe(context: Context, access: str, text: str, signature: str) -> Valid:
    """Return the token that a request to S3 stands for, which is not stored. Raise Forbidden, NotSignedIn, BadInput.

    `text` is what was signed, in base64.
    """
    policy.enforce(context, "signature:check")
    try:
        signed = base64.b64decode(text, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadInput(fields={"token": _("Give base64.")}) from error
    key = _find(access)
    secret = ec2_credentials.secret(key)
    if not ec2_signatures.is_text_signed(signed, signature, secret, timezone.now()):
        raise _refused()
    return tokens.prepare(
        key.user, METHODS, Scope(project=key.project), credential=key.application_credential, ec2_key=key
    )


def _find(access: str) -> StoredCredential:
    """Return the EC2 key. Raise NotSignedIn if there is none, or none that we can read any more."""
    rows = StoredCredential.objects.select_related(
        "user__domain", "project__domain", "application_credential"
    )
    key = rows.filter(access=access).first()
    if key is None or not ec2_credentials.secret(key):
        raise _refused()
    return key


def _refused() -> NotSignedIn:
    return NotSignedIn(_("The signature fits no EC2 key."))
