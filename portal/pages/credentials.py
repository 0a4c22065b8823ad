"""Application credentials: make one for a script, download its sign-in files, delete it. EC2 keys stand beside them."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from accounts import policy
from accounts.errors import MeridianError
from accounts.services import application_credentials, credential_files, ec2_credentials
from portal.forms import CheckList, Form
from portal.requests import Request, done, page


class Credential(Form):
    """Parses only; `accounts.services.application_credentials` validates."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False)
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        widget=CheckList,
        error_messages={"required": gettext_lazy("Choose at least one role.")},
    )
    expires_on = forms.CharField(
        label=gettext_lazy("Expires on"),
        required=False,
        max_length=32,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("At the end of that day, UTC. Leave empty to never expire."),
    )
    access_rules = forms.CharField(
        label=gettext_lazy("Allowed calls"),
        required=False,
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "spellcheck": "false",
                "class": "form-control font-monospace",
                "placeholder": "compute GET /v2.1/servers",
            }
        ),
        help_text=gettext_lazy(
            "One a line: service type, method, path with its version; * stands for a part of the path, ** for any "
            "number of them. Empty: every call that its roles allow."
        ),
    )
    unrestricted = forms.BooleanField(label=gettext_lazy("Unrestricted"), required=False)

    def __init__(self, roles: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.MultipleChoiceField", self.fields["roles"])
        field.choices = [(role, role) for role in roles]
        field.initial = [least for least in ("reader", "member") if least in roles][:1]

    def api_fields(self) -> dict[str, object]:
        """Return the fields of the Identity API."""
        data = self.cleaned_data
        rules = [line.split(maxsplit=2) for line in data["access_rules"].splitlines() if line.strip()]
        return {
            "name": data["name"],
            "roles": [{"name": role} for role in data["roles"]],
            "expires_at": f"{data['expires_on']}T23:59:59" if data["expires_on"] else None,
            "access_rules": [dict(zip(("service", "method", "path"), rule, strict=False)) for rule in rules],
            "unrestricted": data["unrestricted"],
        }

    def refuse(self, error: MeridianError) -> None:
        """Show a service's error, that of the API's `expires_at` at the form's `expires_on`."""
        if "expires_at" in error.fields:
            error.fields["expires_on"] = error.fields.pop("expires_at")
        super().refuse(error)


@sensitive_variables("created")
def listing(request: Request) -> HttpResponse:
    """Show the user's credentials and the form. The secret is shown once, in the answer to its making."""
    policy.enforce(request.context, "credential:write")
    form = Credential(_roles(request), request.POST or None)
    if request.method != "POST":
        return show(request, form=form)
    if not form.is_valid():
        return show(request, status=400, form=form)
    try:
        created = application_credentials.create(request.context, request.user.id, form.api_fields())
    except MeridianError as error:
        form.refuse(error)
        return show(request, status=error.status, form=form)
    return show(
        request,
        status=201,
        made=created.credential,
        secret=created.secret,
        clouds_yaml=credential_files.clouds_yaml(created.credential, created.secret),
        rc_file=credential_files.rc_file(created.credential, created.secret),
        command=credential_files.command(),
    )


def show(request: Request, *, status: int = 200, **values: Any) -> HttpResponse:
    """Show the page, with `values` for what was made or refused."""
    context, user_id = request.context, request.user.id
    defaults: dict[str, Any] = {
        "form": Credential(_roles(request)),
        "credentials": application_credentials.visible_to(context, user_id).select_related("project"),
        "ec2_keys": ec2_credentials.visible_to(context, user_id).select_related("project"),
        "ec2_command": "openstack ec2 credentials create",
        "now": timezone.now(),
        "auth_url": credential_files.auth_url(),
        "region": settings.REGION,
        "api_document": _address_of("api-document"),
    }
    return page(request, "credentials/credentials.html", defaults | values, status=status)


@require_POST
def delete(request: Request) -> HttpResponse:
    """Delete a credential; its tokens end with it."""
    application_credentials.delete(request.context, request.user.id, request.POST.get("id", ""))
    message = _("Deleted the application credential.")
    return done(request, message, reverse("credentials"), changed=("credentials",))


def _roles(request: Request) -> list[str]:
    return sorted(request.context.roles)


def _address_of(name: str) -> str:
    """Return the address of the page with this name; empty if the installation has none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
