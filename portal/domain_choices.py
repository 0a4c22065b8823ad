"""The choice of a domain, shown only if there are several."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext as _

from accounts.services import directory, scoping
from portal import lists
from portal.forms import Form
from portal.requests import Request

Filter = tuple[str, lists.Text, str]
"""Value, label, address."""


def filters(request: Request) -> list[Filter]:
    """Return links that narrow a list to one domain; none if there is only one."""
    domains = directory.domains(request.context)
    if len(domains) < 2:
        return []
    choices = {"": _("Every domain")} | {domain.id: domain.name for domain in domains}
    return lists.filters(request.GET, "domain", choices)


def columns(
    request: Request, headings: Iterable[tuple[str, lists.Text]], domains: list[Filter]
) -> list[lists.Column]:
    """Return the headings of a list, without the domain's unless there is a choice of `domains`."""
    visible_headings = [column for column in headings if domains or column[0] != "domain"]
    return lists.columns(request.GET, visible_headings, default="name")


def offer(request: Request, form: Form, rule: str) -> None:
    """Fill the form's `domain_id` with what the rule reaches, the user's own domain as the initial choice."""
    domains = directory.domains(request.context, rule)
    field = form.fields["domain_id"]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
    field.choices = [(domain.id, domain.name) for domain in domains]
    field.initial = scoping.default_domain(request.context, rule)
    if len(domains) < 2:
        field.widget = forms.HiddenInput()
