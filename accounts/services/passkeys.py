"""Passkeys (WebAuthn): sign-in by a signature of a device, which verifies its owner."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import webauthn
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from webauthn.helpers import (
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotSignedIn
from accounts.models import Passkey, User
from accounts.names import clean_name, is_text
from accounts.services import audit, inputs
from accounts.services.saving import save_unique

SECONDS = 300
LONGEST = 20_000
MOST = 20
_SALT = "accounts.passkeys"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """The relying party of WebAuthn: the host name, to which a passkey is bound, and the origin."""

    host: str
    origin: str

    @property
    def can_have_passkeys(self) -> bool:
        """Return whether browsers offer passkeys: on HTTPS or localhost, and for host names only."""
        try:
            ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return self.origin.startswith("https://") or self.host == "localhost"
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A WebAuthn challenge: options for the browser, and the signed ticket that returns with the answer."""

    options: dict[str, Any]
    ticket: str


def visible_to(context: Context) -> QuerySet[Passkey]:
    """Return the user's passkeys."""
    return Passkey.objects.filter(user=context.user)


def begin_registration(context: Context, party: RelyingParty) -> Challenge:
    """Return the challenge for creating a passkey."""
    user = context.user
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=f"Meridian {party.host}",
        user_id=user.id.encode(),
        user_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(row.credential_id))
            for row in visible_to(context)
        ],
    )
    return _make_challenge(options, options.challenge, user.id)


@transaction.atomic
def add(context: Context, party: RelyingParty, ticket: object, answer: object, name: object) -> Passkey:
    """Store the passkey that a device created. Raise BadInput, Conflict."""
    user = context.user
    name = clean_name(name, longest=64)
    challenge, _issued_at = _read_ticket(ticket, user.id)
    if challenge is None or not is_text(answer, LONGEST):
        raise BadInput(_("This took too long. Try once more."))
    if Passkey.objects.filter(user=user).count() >= MOST:
        raise Conflict(_("You have %(most)s passkeys already; delete one first.") % {"most": MOST})
    try:
        registration = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise BadInput(_("The device answered something that we cannot use.")) from error
    credential_id = bytes_to_base64url(registration.credential_id)
    passkey = Passkey(
        user=user,
        name=name,
        credential_id=credential_id,
        public_key=registration.credential_public_key,
        sign_count=registration.sign_count,
        used_at=timezone.now(),
    )
    save_unique(passkey, _("This passkey is known already."))
    audit.record(context, "passkey.add", passkey, project_id="")
    return passkey


@transaction.atomic
def delete(context: Context, passkey_id: str) -> Passkey:
    """Delete a passkey. Raise NotFound."""
    passkey = inputs.get_or_404(visible_to(context), passkey_id, "passkey")
    audit.record(context, "passkey.delete", passkey, project_id="")
    Passkey.objects.filter(pk=passkey.pk).delete()
    return passkey


def begin_sign_in(party: RelyingParty) -> Challenge:
    """Return the challenge for signing in with any passkey of the device."""
    options = webauthn.generate_authentication_options(
        rp_id=party.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _make_challenge(options, options.challenge, "")


def finish_sign_in(party: RelyingParty, ticket: object, answer: object) -> User:
    """Return the user of the passkey that signed the answer. Raise NotSignedIn, also for a repeated answer."""
    challenge, issued_at = _read_ticket(ticket, "")
    if challenge is None or not is_text(answer, LONGEST):
        raise NotSignedIn
    try:
        credential = parse_authentication_credential_json(answer)
        rows = Passkey.objects.select_related("user__domain")
        passkey = rows.filter(credential_id=bytes_to_base64url(credential.raw_id)).first()
        if passkey is None:
            raise NotSignedIn(_("This passkey is not known here any more."))
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise NotSignedIn from error
    unused = Passkey.objects.filter(pk=passkey.pk, used_at__lt=issued_at)
    updated = unused.update(used_at=timezone.now(), sign_count=verified.new_sign_count)
    user = passkey.user
    if not updated or not (user.enabled and user.domain.enabled):
        raise NotSignedIn
    return user


def _make_challenge(options: Any, challenge: bytes, user_id: str) -> Challenge:
    content = [bytes_to_base64url(challenge), user_id, timezone.now().timestamp()]
    return Challenge(options=options_to_json_dict(options), ticket=signing.dumps(content, salt=_SALT))


def _read_ticket(ticket: object, user_id: str) -> tuple[bytes | None, datetime]:
    """Return the challenge of a ticket for this user (empty at sign-in) and its time; None if late or another's."""
    invalid = None, timezone.now()
    try:
        content = signing.loads(ticket if isinstance(ticket, str) else "", salt=_SALT, max_age=SECONDS)
    except (signing.BadSignature, ValueError):
        return invalid
    challenge, owner_id, issued_at = content
    if owner_id != user_id:
        return invalid
    return webauthn.base64url_to_bytes(challenge), datetime.fromtimestamp(issued_at, UTC)
