"""Signatures by which clients of EC2 and S3 prove that they know a key's secret.

See AWS's documentation: "Signature Version 2 signing process", "Signing AWS API requests", and for S3 "Signing and
authenticating REST requests". Other services pass on what was signed; so paths are taken as they come.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from urllib.parse import quote

WINDOW = timedelta(minutes=15)
"""How far the time of a request may be from ours (Keystone, `[credential] auth_ttl`)."""
S3_LIFETIME = timedelta(days=7)
"""How long a presigned address of S3 lasts at most; the service itself knows how long this one does."""
ALGORITHM = "AWS4-HMAC-SHA256"
_PARTS = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request that a client of EC2 signed, as the service that received it passes it on."""

    access: str
    signature: str
    verb: str = ""
    host: str = ""
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body_hash: str = ""


def is_signed(request: SignedRequest, secret: str, now: datetime) -> bool:
    """Return whether the secret signed the request, and lately."""
    if request.params.get("SignatureVersion") == "2":
        return _is_signed_by_2(request, secret, now)
    return _is_signed_by_4(request, secret, now)


def is_text_signed(text: bytes, signature: str, secret: str, now: datetime) -> bool:
    """Return whether the secret signed a request to S3, of which the service passes on the text that is signed."""
    if not text.startswith(b"AWS4"):
        # Its time may stand in a header or an address: the service, which has both, checks it.
        return _equal(base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode(), signature)
    try:
        algorithm, date, scope, _digest = text.decode().split("\n")
    except ValueError:
        return False
    moment, parts = _moment(date), scope.split("/")
    if algorithm != ALGORITHM or moment is None or len(parts) != 4 or parts[2:] != ["s3", "aws4_request"]:
        return False
    is_valid_now = -WINDOW <= now - moment <= S3_LIFETIME
    return is_valid_now and date.startswith(parts[0]) and _equal(_sign_by_4(secret, scope, text), signature)


def _is_signed_by_2(request: SignedRequest, secret: str, now: datetime) -> bool:
    params = {"SignatureMethod": "HmacSHA256"} | dict(request.params)
    if params["SignatureMethod"] != "HmacSHA256" or not _is_recent(params.get("Timestamp"), now):
        return False
    query = _canonical_query(params, leave_out="Signature")
    # Some clients sign the host without its port.
    for host in {request.host, request.host.rpartition(":")[0] or request.host}:
        text = "\n".join((request.verb.upper(), host.lower(), request.path or "/", query))
        digest = hmac.digest(secret.encode(), text.encode(), "sha256")
        if _equal(base64.b64encode(digest).decode(), request.signature):
            return True
    return False


def _is_signed_by_4(request: SignedRequest, secret: str, now: datetime) -> bool:
    headers = {"host": request.host} | {name.lower(): value for name, value in request.headers.items()}
    parts = dict(_PARTS.findall(headers.get("authorization", "")))
    credential = request.params.get("X-Amz-Credential") or parts.get("Credential", "")
    signed_headers = request.params.get("X-Amz-SignedHeaders") or parts.get("SignedHeaders", "")
    date = request.params.get("X-Amz-Date") or headers.get("x-amz-date", "")
    access, _slash, scope = credential.partition("/")
    is_of_day = scope.count("/") == 3 and date.startswith(scope.partition("/")[0])
    if access != request.access or not is_of_day or not _is_recent(date, now):
        return False
    names = signed_headers.split(";")
    if "host" not in names:
        return False  # else it could be passed on to another service
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in names]
    # The parameters of a POST are in its body, whose hash is signed.
    verb = request.verb.upper()
    query = "" if verb == "POST" else _canonical_query(request.params, leave_out="X-Amz-Signature")
    head = [verb, request.path or "/", query]
    canonical = "\n".join([*head, *lines, "", signed_headers, request.body_hash])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join((ALGORITHM, date, scope, digest))
    return _equal(_sign_by_4(secret, scope, text.encode()), request.signature)


def _sign_by_4(secret: str, scope: str, text: bytes) -> str:
    """Return the signature by the key that day, region and service make of the secret."""
    key = reduce(_hash, scope.split("/"), f"AWS4{secret}".encode())
    return hmac.digest(key, text, "sha256").hex()


def _hash(key: bytes, part: str) -> bytes:
    return hmac.digest(key, part.encode(), "sha256")


def _canonical_query(params: Mapping[str, str], *, leave_out: str) -> str:
    """Return the parameters in the order of their bytes, encoded as AWS does."""
    pairs = ((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in params.items())
    return "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != leave_out)


def _is_recent(text: str | None, now: datetime) -> bool:
    moment = _moment(text or "")
    return moment is not None and abs(now - moment) <= WINDOW


def _moment(text: str) -> datetime | None:
    """Return a time of ISO 8601, in UTC if it names no zone, or None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _equal(expected: str, signature: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(expected.encode(), signature.encode())
