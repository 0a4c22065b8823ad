"""The second factor: enabling and disabling it, one-time codes, and recovery codes."""

import hashlib
import secrets
from dataclasses import dataclass

from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import sealing
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.names import is_text
from accounts.services import audit, inputs, lockouts, one_time_codes, scoping
from accounts.services.saving import save_unique

RECOVERY_CODES = 10
OFFER_SECONDS = 30 * 60
LONGEST = 64
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 that are not mistaken for each other
_SALT = "accounts.second-factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A new secret, which is stored only when a code confirms it."""

    secret: str
    ticket: str
    """The signed secret, for the form that confirms it."""
    address: str
    qr_code: SafeString


def find(user: User) -> SecondFactor | None:
    """Return the user's second factor, if enabled. One query, none if the row says that there is none."""
    if getattr(user, "has_second_factor", None) is False:
        return None
    factor = getattr(user, "second_factor", None)
    return factor if isinstance(factor, SecondFactor) else None


def offer(user: User) -> Offer:
    """Create an offer with a new secret to scan."""
    return _offer(user, one_time_codes.new_secret())


def resume(user: User, ticket: str) -> Offer:
    """Return the offer of a form's ticket. Raise BadInput if it is too old or another user's."""
    try:
        owner, secret = signing.loads(ticket, salt=_SALT, max_age=OFFER_SECONDS)
    except (signing.BadSignature, ValueError) as error:
        raise BadInput(_("This code to scan is too old. Scan the new one.")) from error
    if owner != user.id:
        raise BadInput(_("This code to scan is too old. Scan the new one."))
    return _offer(user, secret)


@transaction.atomic
def enable(context: Context, offered: Offer, code: object) -> list[str]:
    """Enable the second factor, confirmed by one code. Return the recovery codes. Raise BadInput, Conflict."""
    step = one_time_codes.matching_step(offered.secret, _digits(code), timezone.now())
    if step is None:
        raise BadInput(
            fields={
                "code": _("This code does not fit. Check that the device’s clock is right, and try the next.")
            }
        )
    factor = SecondFactor(user=context.user, sealed_secret=sealing.seal(offered.secret), last_step=step)
    save_unique(factor, _("The second factor is on already."))
    audit.record(context, "second_factor.enable", context.user)
    return _new_recovery_codes(context.user)


@transaction.atomic
def renew_recovery_codes(context: Context) -> list[str]:
    """Replace the recovery codes. Return the new ones. Raise Conflict if the second factor is off."""
    if not SecondFactor.objects.filter(user=context.user).exists():
        raise Conflict(_("The second factor is off."))
    audit.record(context, "second_factor.renew_codes", context.user)
    return _new_recovery_codes(context.user)


@transaction.atomic
def disable(context: Context, user_id: str) -> User:
    """Disable a second factor: one's own after `prove`, or another user's. Raise Forbidden, NotFound."""
    scoping.enforce_user(context, user_id, "user:write")
    user = inputs.get_or_404(User.objects.all(), user_id, "user")
    deleted, _rows = SecondFactor.objects.filter(user=user).delete()
    if not deleted:
        raise NotFound(_("%(name)s has no second factor.") % {"name": user.name})
    RecoveryCode.objects.filter(user=user).delete()
    audit.record(context, "second_factor.disable", user)
    return user


def count_recovery_codes(user: User) -> int:
    """Return the number of unused recovery codes."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def accept(request: HttpRequest, user: User, value: object, *, recovery: bool = True) -> bool:
    """Return whether the code is right, or with `recovery` a recovery code. Each is valid once.

    A wrong one counts like a wrong password. Raise LockedOut.
    """
    lockouts.refuse_locked(request, user.domain_id, user.name)
    if _use_code(user, value) or (recovery and _use_recovery_code(user, value)):
        return True
    lockouts.record_failure(request, user.domain_id, user.name)
    return False


def prove(request: HttpRequest, user: User, value: object) -> None:
    """Check the password or a code of a signed-in user. Raise BadInput, LockedOut."""
    lockouts.refuse_locked(request, user.domain_id, user.name)
    if _use_code(user, value) or _use_recovery_code(user, value):
        return
    if lockouts.authenticate(request, user.name, value, user.domain_id) != user:
        raise BadInput(fields={"proof": _("This is neither your password nor a code that fits.")})


def _use_code(user: User, value: object) -> bool:
    factor, code = find(user), _digits(value)
    secret = sealing.unseal(factor.sealed_secret) if factor and code else None
    step = one_time_codes.matching_step(secret, code, timezone.now()) if secret else None
    if step is None:
        return False
    # Of two requests with the same code at once, one updates no row.
    return bool(SecondFactor.objects.filter(user=user, last_step__lt=step).update(last_step=step))


def _use_recovery_code(user: User, value: object) -> bool:
    if find(user) is None or not is_text(value, LONGEST):
        return False
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user, value), used_at=None)
    if not unused.update(used_at=timezone.now()):
        return False
    left = count_recovery_codes(user)
    audit.record(None, "second_factor.recovery", user, left=left)
    return True


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["-".join(_letters(4) for _part in range(4)) for _code in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(user, code)) for code in codes)
    return codes


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _letter in range(count))


def _digest(user: User, code: str) -> str:
    """Return the digest of a recovery code, ignoring spaces, dashes and capitals."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{user.id}:{plain}".encode()).hexdigest()


def _digits(value: object) -> str:
    """Return six digits without spaces; empty for anything else."""
    code = "".join(value.split()) if is_text(value, LONGEST) else ""
    return code if len(code) == 6 and code.isascii() and code.isdigit() else ""


def _offer(user: User, secret: str) -> Offer:
    address = one_time_codes.address(secret, user.name)
    return Offer(
        secret=secret,
        ticket=signing.dumps([user.id, secret], salt=_SALT),
        address=address,
        qr_code=one_time_codes.qr_code(address),
    )
