"""Signatures by which a host's console process knows requests of this installation's web processes."""

from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

HEADER = "X-Meridian-Signature"
SECONDS = 30
"""How long a signature is valid, for clocks that differ and slow requests."""


def sign(method: str, host_id: UUID, target: str) -> str:
    """Return the signature of a request to this host; `target` is path and query."""
    return _signer().sign(_words(method, host_id, target))


def is_good(signature: str, method: str, host_id: UUID, target: str) -> bool:
    """Return whether the signature is ours, fresh, and of exactly this request."""
    try:
        return _signer().unsign(signature, max_age=SECONDS) == _words(method, host_id, target)
    except BadSignature:
        return False


def _words(method: str, host_id: UUID, target: str) -> str:
    return f"{method} {host_id} {target}"


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="compute.hosts.console")
