"""Domains: namespaces of users and projects. Most installations have one."""

from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.models import Domain
from accounts.services import domains, inputs
from portal.form_pages import form_page
from portal.forms import Form, description_field
from portal.requests import Request, done, live_page


class DomainForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)
    description = description_field()


@require_safe
def table(request: Request) -> HttpResponse:
    """Show all domains with the numbers of their projects and users."""
    domains_with_counts = domains.all_for_admin(request.context).annotate(
        project_count=Count("projects", distinct=True), user_count=Count("users", distinct=True)
    )
    rows = domains_with_counts.order_by("name")
    values = {"rows": rows, "default_id": Domain.DEFAULT_ID}
    return live_page(request, "domains/domains.html", {"domains": "domains/table.html"}, values)


def new(request: Request) -> HttpResponse:
    """Make a domain."""
    policy.enforce(request.context, "domain:write")

    def save(data: dict[str, Any]) -> tuple[str, str]:
        domain = domains.create(request.context, data)
        return _("Created the domain %(name)s.") % {"name": domain.name}, reverse("domains")

    form = DomainForm(request.POST or None)
    intro = _(
        "A domain keeps the names of its users and projects apart from others’. Its users sign in through the API, "
        "since pages ask for a name alone."
    )
    return form_page(
        request,
        form,
        save,
        heading=_("New domain"),
        intro=intro,
        button=_("Create domain"),
        back=reverse("domains"),
    )


def edit(request: Request, domain_id: str) -> HttpResponse:
    """Change a domain's name and description."""
    policy.enforce(request.context, "domain:write")
    domain = inputs.get_or_404(domains.all_for_admin(request.context), domain_id, "domain")
    initial = {"name": domain.name, "description": domain.description}

    def save(data: dict[str, Any]) -> tuple[str, str]:
        changed = domains.update(request.context, domain.id, data)
        return _("Changed the domain %(name)s.") % {"name": changed.name}, reverse("domains")

    form = DomainForm(request.POST or None, initial=initial)
    heading = _("Edit the domain %(name)s") % {"name": domain.name}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=reverse("domains"))


@require_POST
def set_enabled(request: Request, domain_id: str) -> HttpResponse:
    """Enable or disable a domain. Users of a disabled one cannot sign in or work in its projects."""
    domain = domains.update(request.context, domain_id, {"enabled": request.POST.get("enabled", "")})
    message = _("Enabled %(name)s.") if domain.enabled else _("Disabled %(name)s.")
    return done(request, message % {"name": domain.name}, reverse("domains"), changed=("domains",))


@require_POST
def delete(request: Request, domain_id: str) -> HttpResponse:
    """Delete a disabled domain with everything in it."""
    domain = inputs.get_or_404(domains.all_for_admin(request.context), domain_id, "domain")
    domains.delete(request.context, domain_id)
    message = _("Deleted the domain %(name)s.") % {"name": domain.name}
    return done(request, message, reverse("domains"), changed=("domains",))


urlpatterns = [
    path("domains/", table, name="domains"),
    path("domains/new/", new, name="domain-new"),
    path("domains/<str:domain_id>/edit/", edit, name="domain-edit"),
    path("domains/<str:domain_id>/enabled/", set_enabled, name="domain-enabled"),
    path("domains/<str:domain_id>/delete/", delete, name="domain-delete"),
]
