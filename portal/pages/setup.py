"""The first administrator, made with the one-time link that the first start prints."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from accounts.errors import BadInput, NotFound
from accounts.models import OneTimeLink
from accounts.services import links, setup
from portal.forms import Form, NewPassword
from portal.requests import page
from portal.signing_in import enter


class Administrator(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        initial="admin",
        max_length=255,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = NewPassword(label=gettext_lazy("Password"))


@login_not_required
@sensitive_post_parameters("password")
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Make the administrator with a name and password. The link works once."""
    if not links.is_valid(OneTimeLink.Purpose.SETUP, token) or setup.is_done():
        raise NotFound(
            _("This set-up link was used or is too old. Run `manage.py setup_link` for a new one.")
        )
    form = Administrator(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = setup.bootstrap_by_link(token, form.cleaned_data["name"], form.cleaned_data["password"])
        except BadInput as error:
            form.refuse(error)
        else:
            return enter(request, user, resolve_url("overview"))
    return page(request, "accounts/setup.html", {"form": form}, status=400 if form.errors else 200)
