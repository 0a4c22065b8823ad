"""All projects with limits and usage, in one table that is edited in place."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.errors import BadInput
from accounts.services import directory, quotas
from portal import amounts, lists, quota_lines
from portal.quota_lines import DEFAULTS, MAIN
from portal.requests import Request, done, is_htmx, live_page, page, toast, with_events

STATES = {"": gettext_lazy("All"), "enabled": gettext_lazy("Enabled"), "disabled": gettext_lazy("Disabled")}
PARTS = {"projects": "projects/table.html"}


@require_safe
def table(request: Request) -> HttpResponse:
    """Show a page of projects in a constant number of queries; `?edit=` opens a row's limits, `?row=` is one row."""
    policy.enforce_somewhere(request.context, "project:read")
    may_limit = policy.allows(request.context, "quota:write")
    editing = request.GET.get("edit", "") if may_limit else ""
    if is_htmx(request) and (key := request.GET.get("row")):
        line = quota_lines.line(request.context, key)
        return page(request, "projects/line.html", {"line": line, "is_edited": key == editing})
    query = lists.parse_query(request)
    projects_page = directory.projects(
        request.context,
        search=query.search,
        state=query.state,
        domain=query.domain,
        sort=query.sort,
        number=query.number,
    )
    values: dict[str, Any] = {
        "page": projects_page,
        "list_query": query,
        "columns": lists.columns(request.GET, _columns(), default="name"),
        "filters": lists.filters(request.GET, "state", STATES),
        "hidden_fields": lists.hidden_fields(request.GET),
        "defaults": quota_lines.defaults(request.context) if may_limit else None,
        "lines": quota_lines.lines(projects_page),
        "editing": editing,
        "resources": list(quotas.resources.values()),
    }
    return live_page(request, "projects/projects.html", PARTS, values)


@require_POST
def update(request: Request, key: str) -> HttpResponse:
    """Set a project's limits, or the defaults. Errors come back in the row, or in the project's card."""
    texts = _limit_texts(request)
    is_card = request.headers.get("HX-Target") == "quota"
    template = "projects/quota.html" if is_card else "projects/line.html"
    try:
        quotas.update(request.context, None if key == DEFAULTS else key, amounts.parsed(texts))
    except BadInput as error:
        line = quota_lines.line(request.context, key).typed(texts, error.fields)
        return page(request, template, {"line": line, "is_edited": True})
    if not is_htmx(request):
        return done(request, _("Changed the limits."), reverse("projects"))
    answer = page(request, template, {"line": quota_lines.line(request.context, key), "is_edited": False})
    return with_events(answer, toast("success", _("Changed the limits.")))


@require_POST
def update_many(request: Request) -> HttpResponse:
    """Set limits of all selected projects. Empty fields leave theirs unchanged."""
    project_ids = list(dict.fromkeys(request.POST.getlist("ids")))
    texts = {name: text for name, text in _limit_texts(request).items() if text.strip()}
    try:
        quotas.update_many(request.context, project_ids, amounts.parsed(texts))
    except BadInput as error:
        sentences = [f"{quotas.resources[name].label}: {text}" for name, text in error.fields.items()]
        raise BadInput(" ".join(sentences) or error.text) from error
    message = ngettext(
        "Changed the limits of %(n)s project.", "Changed the limits of %(n)s projects.", len(project_ids)
    )
    return done(request, message % {"n": len(project_ids)}, reverse("projects"), changed=("projects",))


def _limit_texts(request: Request) -> dict[str, str]:
    return {name: request.POST[name] for name in quotas.resources if name in request.POST}


def _columns() -> list[tuple[str, lists.Text]]:
    headings: list[tuple[str, lists.Text]] = [(name, quotas.resources[name].label) for name in MAIN]
    return [("name", _("Project")), *headings]


urlpatterns = [
    path("projects/", table, name="projects"),
    path("projects/limits/", update_many, name="projects-limits"),
    path("projects/<str:key>/quotas/", update, name="project-quotas"),
]
