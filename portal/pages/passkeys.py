"""Passkeys: add and delete one's own, and sign in with one. Scripts ask (static/js/passkeys.js)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import NotFound, NotSignedIn
from accounts.services import passkeys
from accounts.services.passkeys import Challenge, RelyingParty
from portal import browsers
from portal.requests import Request, done
from portal.signing_in import enter, safe_next


def party_of(request: HttpRequest) -> RelyingParty:
    """Return this site under the host name of the request, which is one of ALLOWED_HOSTS."""
    host = request.get_host()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return RelyingParty(host=name, origin=f"{request.scheme}://{host}")


@require_POST
def ask_for_new(request: Request) -> JsonResponse:
    """Return options and ticket for making a passkey."""
    return _challenge(passkeys.begin_registration(request.context, party_of(request)))


@require_POST
def add(request: Request) -> JsonResponse:
    """Add the passkey of the device, named by browser and system unless the user named it."""
    data = request.POST
    name = data.get("name") or browsers.name(request.headers.get("User-Agent", ""))
    passkey = passkeys.add(
        request.context, party_of(request), data.get("ticket"), data.get("answer"), name[:64]
    )
    return JsonResponse({"said": _("Added the passkey %(name)s.") % {"name": passkey.name}}, status=201)


@require_POST
def delete(request: Request) -> HttpResponse:
    """Delete a passkey."""
    passkey = passkeys.delete(request.context, request.POST.get("passkey", ""))
    message = _("Deleted the passkey %(name)s.") % {"name": passkey.name}
    return done(request, message, "/account/", changed=("passkeys",))


@login_not_required
@require_POST
def ask_who(request: HttpRequest) -> JsonResponse:
    """Return options and ticket for signing in."""
    if not party_of(request).can_have_passkeys:
        raise NotFound
    return _challenge(passkeys.begin_sign_in(party_of(request)))


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by the device's signature. Return the session's cookies, and the address to go to."""
    try:
        user = passkeys.finish_sign_in(
            party_of(request), request.POST.get("ticket"), request.POST.get("answer")
        )
    except NotSignedIn as error:
        sentence = str(error) if error.args[0] != NotSignedIn.text else _("This passkey did not open.")
        return JsonResponse({"error": {"code": error.code, "message": sentence}}, status=401)
    to = safe_next(request)
    response = JsonResponse({"to": to})
    response.cookies.update(enter(request, user, to).cookies)
    return response


def _challenge(challenge: Challenge) -> JsonResponse:
    values = {"options": challenge.options, "ticket": challenge.ticket}
    return JsonResponse(values, headers={"Cache-Control": "no-store"})
