"""What a session that began at an OpenID Connect provider remembers of it until it ends."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.federation import OidcProvider
from accounts.services.oidc import Proof
from portal.requests import page

KEY = "single_sign_on"


def remember(request: HttpRequest, proof: Proof) -> None:
    """Call it once the session has begun."""
    request.session[KEY] = {"id_token": proof.id_token, "endpoint": proof.end_session_endpoint}


def farewell(request: HttpRequest) -> HttpResponse | None:
    """The page that offers to sign out of the provider too, if this session came from one that can do that.

    A link and no redirect: a person may want to stay signed in there, and our pages' forms lead to us only.
    """
    provider: OidcProvider | None = settings.OIDC
    kept = request.session.get(KEY)
    if provider is None or not kept or not kept["endpoint"]:
        return None
    query = {
        "id_token_hint": kept["id_token"],
        "client_id": provider.client_id,
        "post_logout_redirect_uri": settings.PUBLIC_URL + reverse("sign-in"),
    }
    separator = "&" if "?" in kept["endpoint"] else "?"
    values = {"provider": provider, "address": f"{kept['endpoint']}{separator}{urlencode(query)}"}
    return page(request, "accounts/signed_out.html", values)
