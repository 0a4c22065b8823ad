"""Authentication receipts for users who have passed one of two factors, as in Keystone.

The API answers 401 with a receipt, which a client sends back together with the other factor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.utils import timezone

from accounts.errors import NotSignedIn
from accounts.models import User
from accounts.names import is_text
from accounts.services import second_factor

HEADER = "Openstack-Auth-Receipt"
LIFETIME = timedelta(minutes=5)
RULE = ("password", "totp")
COMPLETE = {"token", "application_credential"}
"""Methods that need no second factor: tokens were issued for both, credentials are for scripts."""

_SALT = "accounts.receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A signed proof of the methods that a user has passed."""

    user: User
    methods: list[str]
    text: str
    issued_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.issued_at + LIFETIME


class OneFactorOnly(NotSignedIn):
    """The first factor was right, but the second one is missing."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


def require_both(user: User, methods: list[str], receipt: object) -> list[str]:
    """Return the methods with those of the receipt. Raise OneFactorOnly, and NotSignedIn for an invalid receipt."""
    if receipt is not None:
        methods = [*methods, *(name for name in _read_methods(user, receipt) if name not in methods)]
    if second_factor.find(user) is None or COMPLETE & set(methods) or set(RULE) <= set(methods):
        return methods
    text = signing.dumps([user.id, _since(user), methods], salt=_SALT)
    raise OneFactorOnly(Receipt(user=user, methods=methods, text=text, issued_at=timezone.now()))


def _read_methods(user: User, text: object) -> list[str]:
    if not is_text(text, 1024):
        raise NotSignedIn
    try:
        owner, since, methods = signing.loads(text, salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError) as error:
        raise NotSignedIn from error
    if owner != user.id or since != _since(user):
        raise NotSignedIn
    return list(methods)


def _since(user: User) -> str:
    """Return the time of the password, since a new one makes receipts invalid."""
    return user.password_changed_at.isoformat()
