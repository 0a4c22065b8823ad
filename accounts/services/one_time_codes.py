"""One-time codes by RFC 6238 (TOTP: SHA-1, six digits, thirty seconds), as every authenticator app knows them."""

from datetime import datetime
from urllib.parse import urlsplit

import pyotp
import segno
from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe

SECONDS = 30
DRIFT = 1
"""Steps by which a device's clock may be off, as RFC 6238, 5.2 recommends."""


def new_secret() -> str:
    """Return 160 random bits in base32, as RFC 4226, 4 recommends."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of the code, if it is the present one or next to it."""
    generator = pyotp.TOTP(secret)
    current = int(now.timestamp()) // SECONDS
    matching = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if constant_time_compare(generator.generate_otp(step), code):
            matching = step
    return matching


def address(secret: str, name: str) -> str:
    """Return the otpauth:// URI of the QR code, which names the user and this installation."""
    issuer = f"Meridian {urlsplit(settings.PUBLIC_URL).hostname}".replace(":", " ")
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def qr_code(text: str) -> SafeString:
    """Return a QR code as SVG without styles, so that it may stand in a page."""
    code = segno.make_qr(text, error="m")
    svg = code.svg_inline(scale=1, border=4, omitsize=True, svgclass="qr", lineclass=None)
    return mark_safe(svg)  # noqa: S308 - made here, of squares only
