"""All users: find, filter and make them."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from accounts import policy
from accounts.services import directory, lockouts, users
from portal import domain_choices, lists
from portal.form_pages import form_page
from portal.forms import Form, description_field
from portal.requests import Request, live_page

STATES = {
    "": gettext_lazy("All"),
    "enabled": gettext_lazy("Enabled"),
    "disabled": gettext_lazy("Disabled"),
    "locked": gettext_lazy("Locked out"),
}
COLUMNS = (
    ("name", gettext_lazy("Name")),
    ("", gettext_lazy("State")),
    ("", gettext_lazy("E-mail")),
    ("domain", gettext_lazy("Domain")),
    ("created", gettext_lazy("Created")),
)
PARTS = {"users": "users/table.html"}


class NewUser(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    domain_id = forms.ChoiceField(label=gettext_lazy("Domain"), required=False)
    description = description_field()
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=1024,
        strip=False,
        required=False,
        help_text=gettext_lazy(
            "At least 10 characters. Left empty, the user cannot sign in until they have one."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@require_safe
def table(request: Request) -> HttpResponse:
    """Show a page of users, in a constant number of queries."""
    query = lists.parse_query(request)
    users_page = directory.users(
        request.context,
        search=query.search,
        state=query.state,
        domain=query.domain,
        sort=query.sort,
        number=query.number,
    )
    locked = lockouts.locked_ids(list(users_page))
    domains = domain_choices.filters(request)
    values: dict[str, Any] = {
        "page": users_page,
        "rows": [(user, user.id in locked) for user in users_page],
        "list_query": query,
        "columns": domain_choices.columns(request, COLUMNS, domains),
        "filters": lists.filters(request.GET, "state", STATES),
        "domains": domains,
        "hidden_fields": lists.hidden_fields(request.GET),
    }
    return live_page(request, "users/users.html", PARTS, values)


@sensitive_post_parameters("password")
def new(request: Request) -> HttpResponse:
    """Make a user, with a password or without."""
    policy.enforce_somewhere(request.context, "user:write")
    form = NewUser(request.POST or None)
    domain_choices.offer(request, form, "user:write")

    @sensitive_variables()
    def save(data: dict[str, Any]) -> tuple[str, str]:
        user = users.create(request.context, data | {"password": data["password"] or None})
        message = _("Created the user %(name)s. Now give them a role in a project.") % {"name": user.name}
        return message, reverse("user", args=[user.id])

    return form_page(
        request, form, save, heading=_("New user"), button=_("Create user"), back=reverse("users")
    )


urlpatterns = [
    path("users/", table, name="users"),
    path("users/new/", new, name="user-new"),
]
