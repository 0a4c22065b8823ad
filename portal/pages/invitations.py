"""Invitations, links for a new password, and the page that both lead to."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, MeridianError
from accounts.services import invitations, projects, second_factor
from accounts.services.invitations import Link
from portal import pickers
from portal.forms import Form, NewPassword
from portal.requests import Request, done, is_htmx, page, wants_json
from portal.signing_in import Step, proceed


class Invitation(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        help_text=gettext_lazy("What they type to sign in."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "autofocus": True}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail (optional)"), required=False, max_length=254)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False, initial="member")

    def __init__(self, *args: Any, context: Context, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = projects.all_for_admin(context).filter(enabled=True, domain__enabled=True)
        choices = rows.order_by("name").values_list("pk", "name")
        self.fields["project"].choices = [("", _("No project")), *choices]  # type: ignore[attr-defined]
        roles = [(role.name, role.name) for role in pickers.grantable_roles(context) if role.domain is None]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class Choice(Form):
    password = NewPassword(autofocus=True)


def invite(request: Request) -> HttpResponse:
    """Show the form, then the link. It is shown once, unless it was mailed."""
    policy.enforce_somewhere(request.context, "user:write")
    initial = {"project": request.GET.get("project", ""), "role": "member"}
    form = Invitation(request.POST or None, context=request.context, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = {name: value for name, value in form.cleaned_data.items() if value}
            if "project" not in data:
                data.pop("role", None)
            try:
                return _show_link(request, invitations.invite(request.context, data))
            except MeridianError as error:
                form.refuse(error)
                status = error.status
        if wants_json(request):
            raise BadInput(fields={name: " ".join(map(str, texts)) for name, texts in form.errors.items()})
    return page(request, "users/invite.html", {"form": form}, status=status)


@require_POST
def reset_link(request: Request, key: str) -> HttpResponse:
    """Make a link with which the user chooses a new password."""
    return _show_link(request, invitations.reset(request.context, key))


@require_POST
def disable_second_factor(request: Request, key: str) -> HttpResponse:
    """Disable the second factor of a user who lost device and recovery codes."""
    user = second_factor.disable(request.context, key)
    message = _("Switched off the second factor of %(name)s.") % {"name": user.name}
    return done(request, message, reverse("user", args=[user.id]), changed=("users", "user"))


@login_not_required
@sensitive_post_parameters("password")
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """Set the password of the link's user and sign in. A second factor is asked for as usual."""
    link = invitations.find(token)
    form = Choice(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.choose_password(token, form.cleaned_data["password"])
        except BadInput as error:
            form.refuse(error)
        else:
            return proceed(request, Step(user=user, code_shown=False), "/")
    values = {"form": form, "link": link, "is_invitation": link.purpose == invitations.INVITATION}
    return page(request, "accounts/choose_password.html", values, status=400 if form.errors else 200)


def _show_link(request: Request, link: Link) -> HttpResponse:
    """Show the link: as JSON, as a part for htmx, or as a page."""
    if wants_json(request):
        values = {"user": link.user.name, "link": link.address, "mailed": link.address is None}
        return JsonResponse(values, headers={"Cache-Control": "no-store"})
    template = "users/link.html" if is_htmx(request) else "users/link_page.html"
    return page(request, template, {"link": link})
