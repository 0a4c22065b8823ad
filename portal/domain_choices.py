"""The choice of a domain, which is shown only where there is more than one."""

from django import forms
from django.utils.translation import gettext as _

from accounts.services import directory
from portal import lists
from portal.forms import Form
from portal.requests import Request


def filters(request: Request) -> list[tuple[str, lists.Text, str]]:
    """Links that narrow a list to one domain; none where there is but one."""
    domains = directory.domains(request.context)
    if len(domains) < 2:
        return []
    choices = {"": _("Every domain")} | {domain.id: domain.name for domain in domains}
    return lists.filters(request.GET, "domain", choices)


def offer(request: Request, form: Form) -> None:
    """Fill the form's `domain_id`; the asker's own domain is chosen at first."""
    domains = directory.domains(request.context)
    field = form.fields["domain_id"]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
    field.choices = [(domain.id, domain.name) for domain in domains]
    field.initial = request.user.domain_id
    if len(domains) < 2:
        field.widget = forms.HiddenInput()
