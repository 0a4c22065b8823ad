"""Sign-in at an OpenID Connect provider: code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

The provider's metadata is not cached, so that a changed key or address counts at once.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import structlog
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oidc.core import CodeIDToken
from django.utils.translation import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from requests import RequestException

from accounts.errors import BadInput, Forbidden, Unavailable
from accounts.federation import OidcProvider, Person
from accounts.names import is_text

PATIENCE_SECONDS = 5
CLOCKS_DIFFER_SECONDS = 60
LONGEST_VALUE = 4096
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Asymmetric algorithms only: neither `none` nor a shared secret proves anything."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The state of a sign-in, which the browser stores while its user is at the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The person, and the provider's sign-out address and ID token, empty if it has none."""

    person: Person
    id_token: str
    end_session_endpoint: str


def begin(provider: OidcProvider, callback: str) -> tuple[str, Attempt]:
    """Return the provider's authorization URL, and the state to store until the callback. Raise Unavailable."""
    attempt = Attempt(state=generate_token(32), nonce=generate_token(32), verifier=generate_token(64))
    with _client(provider, callback) as client:
        metadata = _discover(provider, client)
        address, _state = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
        )
    return str(address), attempt


def finish(provider: OidcProvider, callback: str, attempt: Attempt, answer: Mapping[str, str]) -> Proof:
    """Return the person of the provider's answer. Raise BadInput, Forbidden if they may not sign in, Unavailable."""
    parameters = {name: answer.get(name, "")[:LONGEST_VALUE] for name in ("state", "error", "code", "iss")}
    if not hmac.compare_digest(parameters["state"].encode(errors="replace"), attempt.state.encode()):
        raise _unusable(provider, "the state is another one")
    # RFC 9207: an issuer in the answer must be the provider's.
    if parameters["iss"] and parameters["iss"] != provider.issuer:
        raise _unusable(provider, f"the answer comes from {parameters['iss']}")
    if parameters["error"] == "access_denied":
        raise Forbidden(_("%(provider)s did not sign you in.") % {"provider": provider.label})
    if parameters["error"] or not parameters["code"]:
        raise _unusable(provider, parameters["error"] or "there is no code")
    with _client(provider, callback) as client:
        metadata = _discover(provider, client)
        try:
            token = client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=parameters["code"],
                code_verifier=attempt.verifier,
            )
            keys = cast("KeySetSerialization", _fetch(provider, client, metadata["jwks_uri"]))
            id_token = str(token.get("id_token", ""))
            claims = verify(provider, id_token, keys, attempt.nonce, token.get("access_token"))
        except (OAuthError, JoseError, ValueError) as error:
            raise _unusable(provider, str(error)) from error
        except RequestException as error:
            raise _unavailable(provider, str(error)) from error
        if endpoint := metadata.get("userinfo_endpoint"):
            claims = _merge_user_info(provider, claims, _fetch(provider, client, endpoint, with_token=True))
    return Proof(
        person=_person(provider, claims),
        id_token=id_token,
        end_session_endpoint=str(metadata.get("end_session_endpoint", "")),
    )


def verify(
    provider: OidcProvider,
    id_token: str,
    keys: KeySetSerialization,
    nonce: str,
    access_token: str | None = None,
) -> dict[str, Any]:
    """Return the claims of a valid ID token: signature, issuer, audience, nonce, times. Raise JoseError, ValueError."""
    token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=SIGNATURES)
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        },
        params={"nonce": nonce, "client_id": provider.client_id, "access_token": access_token},
    )
    claims.validate(leeway=CLOCKS_DIFFER_SECONDS)
    return dict(claims)


def probe(provider: OidcProvider) -> None:
    """Test the provider's discovery document. Raise Unavailable; the cause or the log has the reason."""
    with _client(provider, "") as client:
        _discover(provider, client)


def _client(provider: OidcProvider, callback: str) -> OAuth2Session:
    return OAuth2Session(
        provider.client_id,
        provider.client_secret or None,
        scope=provider.scope,
        redirect_uri=callback,
        code_challenge_method="S256",
        default_timeout=PATIENCE_SECONDS,
    )


def _discover(provider: OidcProvider, client: OAuth2Session) -> dict[str, Any]:
    """Return the provider's metadata (OpenID Connect Discovery 1.0). Raise Unavailable."""
    metadata = _fetch(provider, client, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if metadata.get("issuer") != provider.issuer:
        raise _unavailable(
            provider, f"it calls itself {metadata.get('issuer')!r}; MERIDIAN_OIDC_ISSUER must say the same"
        )
    needed = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
    if not all(isinstance(metadata.get(name), str) for name in needed):
        raise _unavailable(provider, f"its description lacks one of {', '.join(sorted(needed))}")
    if provider.client_secret and "client_secret_post" in metadata.get(
        "token_endpoint_auth_methods_supported", ()
    ):
        # In a form every secret is unambiguous; in a header providers differ in encoding special characters.
        client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - the name of a method
    return metadata


def _fetch(
    provider: OidcProvider, client: OAuth2Session, address: str, *, with_token: bool = False
) -> dict[str, Any]:
    """Return the JSON object at the address, fetched `with_token` or without. Raise Unavailable."""
    try:
        response = client.get(address, withhold_token=not with_token, headers={"Accept": "application/json"})
        response.raise_for_status()
        content = response.json()
    except (RequestException, OAuthError) as error:
        raise _unavailable(provider, str(error)) from error
    if not isinstance(content, dict):
        raise _unavailable(provider, f"{address} is no JSON object")
    return content


def _merge_user_info(
    provider: OidcProvider, claims: dict[str, Any], user_info: dict[str, Any]
) -> dict[str, Any]:
    """Return the claims and those of the user info. Raise BadInput if it is about another subject."""
    if user_info.get("sub") != claims["sub"]:
        raise _unusable(provider, "the user info is about somebody else")
    return user_info | claims


def _person(provider: OidcProvider, claims: dict[str, Any]) -> Person:
    """Return the person of the claims. Raise Forbidden unless the settings allow them."""
    name, email = claims.get(provider.name_claim), claims.get(provider.email_claim)
    claim = claims.get(provider.groups_claim)
    groups = (
        frozenset(group for group in claim if isinstance(group, str))
        if isinstance(claim, list)
        else frozenset()
    )
    if not is_text(claims["sub"]):
        raise _unusable(provider, "the subject is no text that can be kept")
    if not is_text(name):
        raise Forbidden(
            _("%(provider)s gives no name for you (claim %(claim)s). Tell your administrator.")
            % {"provider": provider.label, "claim": provider.name_claim}
        )
    if provider.allowed_groups and not provider.allowed_groups & groups:
        raise Forbidden(_("You are in none of the groups that may sign in here. Ask your administrator."))
    if provider.allowed_mail_domains:
        is_verified = claims.get("email_verified") is True and is_text(email)
        if not is_verified or str(email).rpartition("@")[2].lower() not in provider.allowed_mail_domains:
            raise Forbidden(
                _(
                    "Only people with a verified mail address of certain domains may sign in here. Ask your administrator."
                )
            )
    return Person(
        source=provider.issuer,
        subject=claims["sub"],
        name=name,
        email=email if is_text(email, 254) else "",
        groups=groups,
    )


def _unusable(provider: OidcProvider, reason: str) -> BadInput:
    log.warning("oidc.refused", issuer=provider.issuer, reason=reason)
    return BadInput(
        _(
            "The answer of %(provider)s cannot be used. Sign in again; if that does not help, tell your administrator."
        )
        % {"provider": provider.label}
    )


def _unavailable(provider: OidcProvider, reason: str) -> Unavailable:
    log.error("oidc.unavailable", issuer=provider.issuer, reason=reason)
    return Unavailable(
        _(
            "%(provider)s does not answer as it should. Try again shortly; local users can sign in with a password."
        )
        % {"provider": provider.label}
    )
