"""What an authenticator app does, for tests: codes of a secret, and users who have one."""

import time

import pyotp

from accounts import sealing
from accounts.models import SecondFactor, User
from accounts.services import one_time_codes

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET, steps: int = 0) -> str:
    """The code of now, or of so many steps later."""
    return pyotp.TOTP(secret).at(time.time() + steps * one_time_codes.SECONDS)


def wrong_code(secret: str = SECRET) -> str:
    """Six digits that are no code of about now."""
    near = {code(secret, steps) for steps in range(-2, 3)}
    return next(
        text for text in ("000000", "000001", "000002", "000003", "000004", "000005") if text not in near
    )


def give_second_factor(user: User) -> User:
    """Turn on without the ceremony; the user as a request would read them."""
    SecondFactor.objects.create(user=user, sealed_secret=sealing.seal(SECRET), last_step=0)
    return User.objects.get(pk=user.pk)
