"""The list of volumes: find, sort, select, delete many."""

from django.core.paginator import Page
from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.services import project_contents
from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.services import admin_reads
from compute.volumes.models import Volume
from compute.volumes.services import volume_lists
from portal import lists, volume_rows, words
from portal.bulk import begin_each, tell_refusals
from portal.requests import Request, done, is_htmx, live_page

MOST = 150
FILTERS: dict[str, str | Promise] = {
    "": gettext_lazy("All"),
    "available": gettext_lazy("Available"),
    "in-use": gettext_lazy("In use"),
    "busy": gettext_lazy("Busy"),
    "error": gettext_lazy("Error"),
    "other": gettext_lazy("Other"),
}
COLUMNS = (
    ("name", gettext_lazy("Name")),
    ("status", gettext_lazy("Status")),
    ("size", gettext_lazy("Size")),
    ("", gettext_lazy("Type")),
    ("", gettext_lazy("Attached to")),
)
FOR_ADMINISTRATORS = (("", gettext_lazy("Host")),)
AGE = (("created", gettext_lazy("Age")),)
BULK = ("delete",)


@require_safe
def listing(request: Request) -> HttpResponse:
    """Show the project's volumes; search, filter, sort and page are in the address."""
    query, everywhere = request.GET, _everywhere(request)
    if everywhere and not is_htmx(request):
        admin_reads.record_list(request.context, "volume", query.get("search", "")[: lists.LONGEST_SEARCH])
    counts = volume_lists.counts(request.context, all_projects=everywhere)
    page = _page(request, number=lists.page_number(request), counted=counts)
    headings = (*COLUMNS, *(FOR_ADMINISTRATORS if request.context.is_admin else ()), *AGE)
    values = {
        "page": page,
        "rows": volume_rows.rows(page, everywhere=everywhere),
        "columns": lists.columns(query, headings),
        "filters": [
            (name, label, lists.url(query, status=name), counts[name or "total"])
            for name, label in FILTERS.items()
        ],
        "status": query.get("status", ""),
        "search": query.get("search", ""),
        "everywhere": everywhere,
        "everywhere_url": lists.url(query, all="" if everywhere else "1"),
        "bulk": [_action(verb) for verb in BULK if policy.allows(request.context, f"volume:{verb}")],
        "narrowed": any(query.get(name) for name in ("search", "status")),
        "query": query.urlencode(),
        "most": MOST,
    }
    return live_page(request, "volumes/list.html", {"volumes": "volumes/table.html"}, values)


@require_safe
def ids(request: Request) -> JsonResponse:
    """Return the ids of all volumes that the list of this address has on its pages, at most `MOST`."""
    rows = _page(request, number=1, size=MOST)
    return JsonResponse({"ids": [str(volume.pk) for volume in rows]}, headers={"Cache-Control": "no-store"})


@require_safe
def question(request: Request, verb: str) -> JsonResponse:
    """Word the question before an action on the selected volumes; `named` is what has to be typed."""
    action = _action(verb)
    policy.enforce(request.context, f"volume:{verb}")
    rows = volume_lists.by_ids(request.context, request.GET.getlist("ids")[:MOST])
    names = project_contents.shorten(sorted(str(volume) for volume in rows))
    title = ngettext("%(label)s: %(n)s volume?", "%(label)s: %(n)s volumes?", len(rows))
    values = {
        "title": title % {"label": action.label, "n": len(rows)},
        "text": f"{names}. {_('For each: %(warning)s') % {'warning': action.confirm}}",
        "yes": str(action.label),
        "named": str(len(rows)),
    }
    return JsonResponse(values, headers={"Cache-Control": "no-store"})


@require_POST
def act_on_many(request: Request, verb: str) -> HttpResponse:
    """Begin an action on each of the selected volumes. Show the reasons of those that refuse."""
    action = _action(verb)
    volume_ids = list(dict.fromkeys(request.POST.getlist("ids")))
    if not 0 < len(volume_ids) <= MOST:
        raise BadInput(_("Choose from 1 to %(most)s volumes.") % {"most": MOST})
    refusals = begin_each(request.context, action, volume_ids)
    count = len(volume_ids) - len(refusals)
    message = words.begun(action, ngettext("%(n)s volume", "%(n)s volumes", count) % {"n": count})
    if refusals:
        return tell_refusals(message, refusals, "volumes", "quota")
    return done(request, message, reverse("volumes"), changed=("volumes", "quota"))


def _page(
    request: Request, *, number: int, size: int = 50, counted: dict[str, int] | None = None
) -> "Page[Volume]":
    """Return a page of the volumes that the address asks for."""
    query = request.GET
    return volume_lists.page(
        request.context,
        search=query.get("search", "")[: lists.LONGEST_SEARCH],
        state=query.get("status", ""),
        sort=query.get("sort", ""),
        all_projects=_everywhere(request),
        number=number,
        size=size,
        counted=counted,
    )


def _everywhere(request: Request) -> bool:
    return "all" in request.GET and request.context.is_admin


def _action(verb: str) -> Action:
    """Return an action of the bar. Raise NotFound."""
    action = registry.find(f"volume.{verb}")
    if action is None or verb not in BULK:
        raise NotFound
    return action


urlpatterns = [
    path("volumes/", listing, name="volumes"),
    path("volumes/ids/", ids, name="volumes-ids"),
    path("volumes/actions/<slug:verb>/", act_on_many, name="volumes-action"),
    path("volumes/actions/<slug:verb>/question/", question, name="volumes-question"),
]
