"""Which ID tokens count: those of our provider's keys, for us, for this attempt, now."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from accounts.federation import OidcProvider
from accounts.services import oidc

PROVIDER = OidcProvider(issuer="https://login.example.org", client_id="meridian")
KEY = RSAKey.generate_key(2048, {"kid": "ours"})
KEYS = KeySet([KEY]).as_dict(private=False)
NONCE = "nonce-of-this-attempt"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    given = {
        "iss": PROVIDER.issuer,
        "aud": PROVIDER.client_id,
        "sub": "somebody",
        "iat": now,
        "exp": now + 300,
        "nonce": NONCE,
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "RS256", kid: str | None = "ours", **changes: Any) -> str:
    header = {"alg": algorithm} | ({"kid": kid} if kid else {})
    return jwt.encode(header, claims(**changes), key, algorithms=[algorithm])


def by_public_key() -> str:
    """Signed by hand: libraries refuse to make such a thing."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "ours"}, claims())]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mark = hmac.digest(KEY.as_pem(private=False), text, "sha256")
    return (text + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


@pytest.mark.parametrize("kid", ["ours", None])
def test_a_good_token_tells_who_it_is(kid: str | None) -> None:
    assert oidc.verify(PROVIDER, signed(kid=kid), KEYS, NONCE)["sub"] == "somebody"
    assert oidc.verify(PROVIDER, signed(aud=["meridian"]), KEYS, NONCE)["sub"] == "somebody"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "somebody else"},
        {"aud": None},
        {"aud": ["meridian", "other"], "azp": "other"},
        {"sub": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"nbf": 10**10},
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"at_hash": "of another token"},
    ],
    ids=str,
)
def test_what_was_not_meant_for_us_now_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((JoseError, ValueError)):
        oidc.verify(PROVIDER, signed(**changes), KEYS, NONCE, "the access token")


@pytest.mark.parametrize("kid", ["ours", "unknown", None])
def test_a_foreign_key_is_refused(kid: str | None) -> None:
    with pytest.raises((JoseError, ValueError)):
        oidc.verify(PROVIDER, signed(RSAKey.generate_key(2048), kid=kid), KEYS, NONCE)


def test_signatures_that_anybody_can_make_are_refused() -> None:
    """None at all, one by our shared secret, one by the public key taken for a secret, and no token."""
    secret = OctKey.import_key("s" * 32)
    keys = KeySet([KEY, secret]).as_dict(private=True)
    unsigned = jwt.encode({"alg": "none"}, claims(), secret, algorithms=["none"])
    forged = [unsigned, signed(secret, "HS256", None), by_public_key(), "", "a.b.c", "x" * 100_000]
    for token in [*forged, signed()[:-8] + "AAAAAAAA"]:
        with pytest.raises((JoseError, ValueError)):
            oidc.verify(PROVIDER, token, keys, NONCE)
