"""Password rules of pages and API alike: strength, history, expiry."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.authentication import LONGEST_PASSWORD
from accounts.errors import BadInput
from accounts.models import OneTimeLink, PastPassword, Token, User
from accounts.names import is_text
from accounts.services import external_users, sessions


def check(value: object, user: User, *, field: str = "password") -> str:
    """Return the password. Raise BadInput naming `field`, with every rule that it breaks.

    Users with an external identity have no password here and get none.
    """
    if external_users.is_external(user):
        sentence = _("%(name)s signs in through another service; change the password there.") % {
            "name": user.name
        }
        raise BadInput(fields={field: sentence})
    if not is_text(value, LONGEST_PASSWORD):
        sentence = _("Give a password of at most %(longest)s characters.") % {"longest": LONGEST_PASSWORD}
        raise BadInput(fields={field: sentence})
    try:
        validate_password(value, user)
    except ValidationError as error:
        raise BadInput(fields={field: " ".join(error.messages)}) from error
    return value


def check_own(value: object, user: User, *, field: str = "password") -> str:
    """Return a password that its user chose, which is none of their last ones. Slow by design. Raise BadInput."""
    password = check(value, user, field=field)
    last = settings.PASSWORD_HISTORY
    earlier = [user.password, *_past(user)[: max(last - 1, 0)]] if last else []
    if any(check_password(password, old) for old in earlier):
        sentence = ngettext(
            "Choose a password other than the present one.",
            "Choose a password other than your last %(last)s.",
            last,
        )
        raise BadInput(fields={field: sentence % {"last": last}})
    return password


@transaction.atomic
def replace(user: User, password: str, *, keep_session: str = "") -> None:
    """Set a checked password. End the user's tokens, one-time links, and all sessions but `keep_session`."""
    if user.has_usable_password() and settings.PASSWORD_HISTORY:
        PastPassword.objects.create(user=user, password=user.password)
        outdated = PastPassword.objects.filter(user=user).values_list("pk", flat=True)[
            settings.PASSWORD_HISTORY :
        ]
        PastPassword.objects.filter(pk__in=list(outdated)).delete()
    user.set_password(password)
    user.save(update_fields=["password", "password_changed_at"])
    Token.objects.filter(user=user).delete()
    OneTimeLink.objects.filter(user=user, used_at=None).delete()
    sessions.drop(User.objects.filter(pk=user.pk), but=keep_session)


def expires_at(user: User) -> datetime | None:
    """Return when the password expires; None for never."""
    if not settings.PASSWORD_DAYS or not user.has_usable_password():
        return None
    return user.password_changed_at + timedelta(days=settings.PASSWORD_DAYS)


def expiry_column() -> Combinable | None:
    """Return when the passwords of users expire, as a column of their rows; None if none ever does."""
    if not settings.PASSWORD_DAYS:
        return None
    days = Value(timedelta(days=settings.PASSWORD_DAYS), output_field=DurationField())
    end = ExpressionWrapper(F("password_changed_at") + days, DateTimeField())
    return Case(When(password__startswith=UNUSABLE_PASSWORD_PREFIX, then=None), default=end)


def has_expired(user: User) -> bool:
    end = expires_at(user)
    return end is not None and end <= timezone.now()


def hint() -> str:
    """Return a hint for people on the least length of a password."""
    return _("At least %(least)s characters; a phrase of several words is easiest to remember.") % {
        "least": settings.PASSWORD_LENGTH
    }


def _past(user: User) -> list[str]:
    return list(PastPassword.objects.filter(user=user).values_list("password", flat=True))
