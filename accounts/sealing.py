"""Encrypt secrets that rows must hold, with a key outside the database."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac


def seal(secret: str) -> str:
    """Return the secret encrypted."""
    return _sealer().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """Return the decrypted secret; None if the installation's secret key has changed since."""
    try:
        return _sealer().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _sealer() -> Fernet:
    key = salted_hmac("accounts.sealing", "", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
