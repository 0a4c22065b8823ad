"""Data about an OpenID Connect provider in a session that began there."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.federation import OidcProvider
from accounts.services.oidc import Proof
from portal.requests import Request, page

KEY = "single_sign_on"


def remember(request: HttpRequest, proof: Proof) -> None:
    """Store the provider's data in the session. Call it once the session has begun."""
    request.session[KEY] = {"id_token": proof.id_token, "endpoint": proof.end_session_endpoint}


def sign_out_address(request: HttpRequest) -> str:
    """Return the provider's address for signing out; empty if the session has none."""
    provider: OidcProvider | None = settings.OIDC
    state = request.session.get(KEY)
    if provider is None or not state or not state["endpoint"]:
        return ""
    query = {
        "id_token_hint": state["id_token"],
        "client_id": provider.client_id,
        "post_logout_redirect_uri": settings.PUBLIC_URL + reverse("sign-in"),
    }
    separator = "&" if "?" in state["endpoint"] else "?"
    return f"{state['endpoint']}{separator}{urlencode(query)}"


def signed_out_page(request: Request, address: str) -> HttpResponse:
    """Return the page after signing out, which offers to sign out at the provider too.

    It has a link and does not redirect: a person may want to stay signed in there. Our pages' forms lead to us
    only.
    """
    # The frame of this page must not take them for signed in any more.
    del request.context
    return page(request, "accounts/signed_out.html", {"provider": settings.OIDC, "address": address})
