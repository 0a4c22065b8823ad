"""Signing in at an OpenID Connect provider: the redirect there, and the way back."""

from dataclasses import asdict
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.errors import BadInput, NotFound
from accounts.federation import OidcProvider
from accounts.services import external_users, oidc
from accounts.services.oidc import Attempt
from portal import single_sign_on
from portal.signing_in import enter, safe_next

COOKIE = "single-sign-on"
PATIENCE_SECONDS = 15 * 60
"""How long a person may take at the provider."""


@login_not_required
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider. The state is in a signed cookie, so strangers leave no session behind."""
    provider = _provider()
    if request.get_host() != urlsplit(settings.PUBLIC_URL).netloc:
        # The provider sends everybody to our one address; only there the cookie is seen again.
        return redirect(settings.PUBLIC_URL + request.get_full_path())
    address, attempt = oidc.begin(provider, _callback_url())
    response = redirect(address)
    state = asdict(attempt) | {"next": safe_next(request)}
    response.set_cookie(
        COOKIE,
        signing.dumps(state, salt=COOKIE),
        max_age=PATIENCE_SECONDS,
        path=reverse("oidc"),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Begin the session of the provider's user. Its second factor counts; ours is not asked for."""
    provider = _provider()
    try:
        state = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=PATIENCE_SECONDS)
    except signing.BadSignature as error:
        raise BadInput(
            _("This sign-in took too long, was used already, or your browser refuses cookies. Start again.")
        ) from error
    to = state.pop("next")
    proof = oidc.finish(provider, _callback_url(), Attempt(**state), request.GET)
    user = external_users.sign_in(
        proof.person, provider.domain, mirrored=provider.groups, makes_users=provider.makes_users
    )
    response = enter(request, user, to)
    single_sign_on.remember(request, proof)
    response.delete_cookie(COOKIE, path=reverse("oidc"))
    response["Cache-Control"] = "no-store"
    return response


def _provider() -> OidcProvider:
    if settings.OIDC is None:
        raise NotFound
    provider: OidcProvider = settings.OIDC
    return provider


def _callback_url() -> str:
    return str(settings.PUBLIC_URL + reverse("oidc-callback"))
