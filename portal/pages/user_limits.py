"""Limits of a user within a project."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.models import Project, User
from accounts.services import inputs, quotas, user_quotas
from accounts.services.quotas import Usage
from portal import amounts
from portal.form_pages import form_page
from portal.forms import Form
from portal.requests import Request
from portal.templatetags.cloud import amount

CAPS: dict[str, str | Promise] = {
    "key_pairs": gettext_lazy("Key pairs"),
    "metadata_items": gettext_lazy("Metadata entries of an instance"),
    "server_groups": gettext_lazy("Server groups"),
    "server_group_members": gettext_lazy("Instances in a server group"),
}
"""Limits of users that no quota bar shows."""


class UserLimits(Form):
    """A field for each resource. Parses only; `accounts.services.user_quotas` validates."""

    def __init__(
        self, usages: Iterable[Usage], project_limits: Mapping[str, int], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for usage in usages:
            resource, limit = usage.resource, project_limits[usage.resource.name]
            used = _("%(used)s in use by them; the project has %(limit)s.") % {
                "used": amount(usage.used, resource.unit),
                "limit": "∞" if limit < 0 else amount(limit, resource.unit),
            }
            unit = amounts.unit(resource)
            label = f"{resource.label} ({unit})" if unit else str(resource.label)
            self.fields[resource.name] = _limit(label, used)
        for name, cap in CAPS.items():
            most = "∞" if project_limits[name] < 0 else project_limits[name]
            self.fields[name] = _limit(str(cap), _("The project has %(limit)s.") % {"limit": most})


def _limit(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=12,
        help_text=help_text,
        widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "decimal"}),
    )


def edit(request: Request, project_id: str, user_id: str) -> HttpResponse:
    """Set a user's limits within the project's; an empty one is the project's own."""
    policy.enforce(request.context, "quota:write")
    project = inputs.get_or_404(Project.objects.all(), project_id, "project")
    user = inputs.get_or_404(User.objects.all(), user_id, "user")
    form = UserLimits(
        quotas.user_usage(project.id, user.id),
        quotas.limits([project.id])[project.id],
        request.POST or None,
        initial={
            name: amounts.typed(limit, quotas.resources[name]) if name in quotas.resources else limit
            for name, limit in user_quotas.limits(request.context, project.id, user.id).items()
        },
    )
    back = reverse("project", args=[project.id])

    def save(data: dict[str, Any]) -> tuple[str, str]:
        user_quotas.set_limits(request.context, project.id, user.id, amounts.parsed(data))
        return _("Changed the limits of %(name)s.") % {"name": user.name}, back

    return form_page(
        request,
        form,
        save,
        heading=_("Limits of %(user)s in %(project)s") % {"user": user.name, "project": project.name},
        intro=_("Where a field is empty, they may take all that the project has."),
        button=_("Save"),
        back=back,
    )


urlpatterns = [
    path("projects/<str:project_id>/users/<str:user_id>/limits/", edit, name="project-user-limits"),
]
