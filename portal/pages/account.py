"""The user's own account: password, second factor, sessions, preferences."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import BadInput, NotSignedIn
from accounts.services import passkeys, passwords, second_factor, sessions, users
from portal import browsers
from portal.forms import Form, NewPassword
from portal.pages.passkeys import party_of
from portal.requests import Request, away, done, page


class PasswordChange(Form):
    original_password = forms.CharField(
        label=gettext_lazy("Current password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = NewPassword()


class Proof(Form):
    """A proof of identity, asked for before the second factor changes."""

    proof = forms.CharField(
        label=gettext_lazy("Your password or a code"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A session of the user, with labels."""

    id: str
    browser: str
    icon: str
    address: str | None
    began_at: datetime
    seen_at: datetime
    is_this: bool


@require_safe
def account(request: Request) -> HttpResponse:
    """Show the whole account on one page."""
    return show(request)


@require_POST
@sensitive_post_parameters("original_password", "password")
def change_password(request: Request) -> HttpResponse:
    """Change the password, proved by the present one. All other sessions and all tokens end."""
    form = PasswordChange(request.POST)
    if not form.is_valid():
        return show(request, status=400, password_form=form)
    key = request.session.session_key or ""
    try:
        user = users.change_password(request, request.user.id, form.cleaned_data, keep_session=key)
    except NotSignedIn as error:
        form.refuse(BadInput(fields={"original_password": str(error)}))
        return show(request, status=400, password_form=form)
    except BadInput as error:
        form.refuse(error)
        return show(request, status=400, password_form=form)
    update_session_auth_hash(request, user)
    sessions.record(request, user)
    return away(request, _("Changed your password. You are signed out everywhere else."), "/account/")


@require_POST
def end_session(request: Request) -> HttpResponse:
    """End one session."""
    session = sessions.end(request.context, request.user.id, request.POST.get("session", ""))
    message = _("Signed out %(browser)s.") % {"browser": browsers.name(session.user_agent)}
    if session.session_id == request.session.session_key:
        request.session.flush()
        return away(request, message, "/sign-in/")
    return done(request, message, "/account/", changed=("sessions",))


@require_POST
def end_sessions(request: Request) -> HttpResponse:
    """End all sessions, this one too."""
    sessions.end_everywhere(request.context, request.user.id)
    request.session.flush()
    return away(request, _("You are signed out everywhere."), "/sign-in/")


def show(request: Request, *, status: int = 200, **values: Any) -> HttpResponse:
    """Show the page, with `values` for forms that were refused."""
    user = request.user
    factor = second_factor.find(user)
    defaults = {
        "password_form": PasswordChange(),
        "disable_form": Proof(prefix="off"),
        "codes_form": Proof(prefix="codes"),
        "factor": factor,
        "codes_left": second_factor.count_recovery_codes(user) if factor else 0,
        "expires_at": passwords.expires_at(user),
        "sessions": _sessions(request),
        "can_have_passkeys": party_of(request).can_have_passkeys,
        "passkeys": list(passkeys.visible_to(request.context)),
    }
    return page(request, "account/account.html", defaults | values, status=status)


def _sessions(request: Request) -> list[SessionLine]:
    """Return the present session first, then the others by their last request."""
    lines = [
        SessionLine(
            id=row.id,
            browser=browsers.name(row.user_agent),
            icon=browsers.icon(row.user_agent),
            address=row.address,
            began_at=row.began_at,
            seen_at=row.seen_at,
            is_this=row.session_id == request.session.session_key,
        )
        for row in sessions.visible_to(request.context, request.user.id)
    ]
    return sorted(lines, key=lambda line: not line.is_this)
