"""Server groups: instances that share one host, or run on different ones."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.instances.models.server_group import Policy
from compute.instances.services import server_groups
from portal.form_pages import form_page
from portal.forms import Form
from portal.requests import Request, done, live_page


class ServerGroupForm(Form):
    """Parses only; `compute.instances.services.server_groups` validates."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, required=False)
    policy = forms.ChoiceField(
        label=gettext_lazy("Where its instances go"),
        choices=Policy.choices,
        initial=Policy.ANTI_AFFINITY,
        help_text=gettext_lazy(
            "What is not possible is refused at launch, unless it is only wished for “where possible”."
        ),
    )
    max_server_per_host = forms.CharField(
        label=gettext_lazy("At most on one host"),
        required=False,
        max_length=12,
        widget=forms.NumberInput(attrs={"min": "1", "inputmode": "numeric", "placeholder": "1"}),
        help_text=gettext_lazy("Only for “Apart on different hosts”. Empty: one."),
    )


@require_safe
def table(request: Request) -> HttpResponse:
    """Show the project's groups with their members, in a constant number of queries."""
    values = {
        "rows": list(server_groups.visible_to(request.context)),
        "may_write": policy.allows(request.context, "server_group:write"),
    }
    parts = {"server-groups": "server_groups/table.html"}
    return live_page(request, "server_groups/server_groups.html", parts, values)


def new(request: Request) -> HttpResponse:
    """Make a group."""
    policy.enforce(request.context, "server_group:write")

    def save(data: dict[str, Any]) -> tuple[str, str]:
        group = server_groups.create(
            request.context, data["name"], data["policy"], data["max_server_per_host"]
        )
        message = _("Created the server group %(name)s. Choose it when you launch instances.")
        return message % {"name": group.name}, reverse("server-groups")

    return form_page(
        request,
        ServerGroupForm(request.POST or None),
        save,
        heading=_("New server group"),
        intro=_("Instances come into a group when they are launched, and stay in it."),
        button=_("Create group"),
        back=reverse("server-groups"),
    )


@require_POST
def delete(request: Request, server_group_id: str) -> HttpResponse:
    """Delete a group. Its instances stay on their hosts."""
    group = server_groups.delete(request.context, server_group_id)
    message = _("Deleted the server group %(name)s.") % {"name": group.name}
    return done(request, message, reverse("server-groups"), changed=("server-groups",))


urlpatterns = [
    path("server-groups/", table, name="server-groups"),
    path("server-groups/new/", new, name="server-group-new"),
    path("server-groups/<str:server_group_id>/delete/", delete, name="server-group-delete"),
]
