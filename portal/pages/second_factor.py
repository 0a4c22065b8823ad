"""Enabling and disabling the second factor, and its recovery codes."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.errors import BadInput
from accounts.services import second_factor
from portal.forms import Form
from portal.pages.account import Proof, show
from portal.requests import Request, away, page


class Confirmation(Form):
    code = forms.CharField(
        label=gettext_lazy("Code from the app"),
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


@sensitive_post_parameters("code", "ticket")
def enable(request: Request) -> HttpResponse:
    """Show the QR code, enable by one code, then show the recovery codes once."""
    if second_factor.find(request.user):
        return redirect("account")
    form = Confirmation(request.POST or None)
    offer = None
    if request.method == "POST":
        try:
            offer = second_factor.resume(request.user, request.POST.get("ticket", ""))
            if form.is_valid():
                codes = second_factor.enable(request.context, offer, form.cleaned_data["code"])
                return _codes(request, codes, is_new=True)
        except BadInput as error:
            form.refuse(error)
    values = {"form": form, "offer": offer or second_factor.offer(request.user)}
    return page(request, "account/second_factor.html", values, status=400 if form.errors else 200)


@require_POST
@sensitive_post_parameters("codes-proof")
def renew_codes(request: Request) -> HttpResponse:
    """Make new recovery codes, for a user who proves their identity again."""
    form = Proof(request.POST, prefix="codes")
    if not _is_proved(request, form):
        return show(request, status=400, codes_form=form)
    return _codes(request, second_factor.renew_recovery_codes(request.context), is_new=False)


@require_POST
@sensitive_post_parameters("off-proof")
def disable(request: Request) -> HttpResponse:
    """Disable the second factor, for a user who proves their identity again."""
    form = Proof(request.POST, prefix="off")
    if not _is_proved(request, form):
        return show(request, status=400, disable_form=form)
    second_factor.disable(request.context, request.user.id)
    return away(request, _("The second factor is off."), "/account/")


def _is_proved(request: Request, form: Proof) -> bool:
    if not form.is_valid():
        return False
    try:
        second_factor.prove(request, request.user, form.cleaned_data["proof"])
    except BadInput as error:
        form.refuse(error)
        return False
    return True


def _codes(request: Request, codes: list[str], *, is_new: bool) -> HttpResponse:
    values = {"codes": codes, "text": "\n".join(codes), "is_new": is_new}
    return page(request, "account/recovery_codes.html", values)
