"""The rules for passwords."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.authentication import LONGEST_PASSWORD
from accounts.errors import BadInput
from accounts.models import User
from accounts.names import is_text
from accounts.services import external_users


def check(given: object, user: User, *, field: str = "password") -> str:
    """The password. Raises BadInput naming `field`, with every rule that it breaks.

    Whoever signs in through a directory or a provider has no password here and gets none.
    """
    if external_users.is_external(user):
        sentence = _("%(name)s signs in through another service; change the password there.") % {
            "name": user.name
        }
        raise BadInput(fields={field: sentence})
    if not is_text(given, LONGEST_PASSWORD):
        sentence = _("Give a password of at most %(longest)s characters.") % {"longest": LONGEST_PASSWORD}
        raise BadInput(fields={field: sentence})
    try:
        validate_password(given, user)
    except ValidationError as error:
        raise BadInput(fields={field: " ".join(error.messages)}) from error
    return given
