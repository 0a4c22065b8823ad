"""Signing in and out."""

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import BadInput
from accounts.services import lockouts, second_factor, sessions, setup, users
from portal import single_sign_on
from portal.forms import Form, NewPassword
from portal.pages.passkeys import party_of
from portal.requests import Request, page
from portal.signing_in import Step, proceed, safe_next, step_of


class SignIn(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class Code(Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=64,
        help_text=gettext_lazy("Six digits from your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none"}
        ),
    )


class Renewal(Form):
    password = NewPassword(autofocus=True)


@login_not_required
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password. The answer does not say which of the two was wrong."""
    to = safe_next(request)
    if request.user.is_authenticated:
        return redirect(to)
    form = SignIn(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        user = lockouts.authenticate(request, data["name"], data["password"])
        if user is not None:
            return proceed(request, Step(user=user, code_shown=False), to)
        form.add_error(None, _("Wrong name or password."))
    values = {
        "form": form,
        "next": to,
        "is_set_up": setup.is_done(),
        "provider": settings.OIDC,
        "can_have_passkeys": party_of(request).can_have_passkeys,
    }
    return page(request, "accounts/sign_in.html", values, status=401 if form.errors else 200)


@login_not_required
@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the second factor, after the password."""
    to, step = safe_next(request), step_of(request)
    if request.user.is_authenticated:
        return redirect(to)
    if step is None:
        return redirect("sign-in")
    form = Code(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if second_factor.accept(request, step.user, form.cleaned_data["code"]):
            return proceed(request, Step(user=step.user, code_shown=True), to)
        form.add_error("code", _("This code does not fit, or it was used already. Wait for the next."))
    values = {"form": form, "next": to, "user": step.user}
    return page(request, "accounts/sign_in_code.html", values, status=401 if form.errors else 200)


@login_not_required
@sensitive_post_parameters("password")
def new_password(request: HttpRequest) -> HttpResponse:
    """Ask for a new password in place of the expired one, after all proofs."""
    to, step = safe_next(request), step_of(request)
    if request.user.is_authenticated:
        return redirect(to)
    if step is None or (second_factor.find(step.user) and not step.code_shown):
        return redirect("sign-in")
    form = Renewal(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            users.set_own_password(step.user, form.cleaned_data["password"])
        except BadInput as error:
            form.refuse(error)
        else:
            return proceed(request, step, to)
    values = {"form": form, "next": to, "user": step.user}
    return page(request, "accounts/sign_in_password.html", values, status=400 if form.errors else 200)


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End the session, and every live connection that depends on it."""
    key = request.session.session_key or ""
    address = single_sign_on.sign_out_address(request)
    logout(request)
    sessions.ended.send(__name__, keys=[key])
    return single_sign_on.signed_out_page(request, address) if address else redirect("sign-in")


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answer balancers and supervisors. Touches neither database nor Redis."""
    return HttpResponse("ok\n", content_type="text/plain")
