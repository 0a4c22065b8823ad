"""The list of instances and the recycle bin: find, sort, select, act on many."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.paginator import Page
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.services import project_contents
from compute.engine.actions import registry
from compute.engine.actions.permitted import Choice, choice
from compute.engine.services import admin_reads
from compute.instances.actions import Action
from compute.instances.duties.recycle_bin import purge_at
from compute.instances.models import Instance
from compute.instances.services import instances
from portal import instance_rows, lists, words
from portal.action_menu import by_reason
from portal.activity_entries import Entry, make_entry
from portal.bulk import begin_each, tell_refusals
from portal.lists import page_number
from portal.pages import many
from portal.requests import More, Request, done, is_htmx, live_page

MOST = many.MOST
FILTERS: dict[str, str | Promise] = {
    "": gettext_lazy("All"),
    "active": gettext_lazy("Running"),
    "stopped": gettext_lazy("Off"),
    "busy": gettext_lazy("Busy"),
    "error": gettext_lazy("Error"),
    "other": gettext_lazy("Other"),
}
COLUMNS = (
    ("name", gettext_lazy("Name")),
    ("status", gettext_lazy("Status")),
    ("", gettext_lazy("Addresses")),
    ("ram", gettext_lazy("Size")),
    ("created", gettext_lazy("Age")),
)
BIN_COLUMNS = (
    ("", gettext_lazy("Name")),
    ("", gettext_lazy("Status")),
    ("", gettext_lazy("Disk")),
    ("", gettext_lazy("Deleted")),
    ("", gettext_lazy("Permanently deleted")),
)
BULK = ("start", "stop", "reboot", "delete")
BIN_BULK = ("restore", "purge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An instance with its permitted actions."""

    instance: Instance
    choices: list[Choice]
    entry: Entry | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An action for many: how many of the selected instances allow it now, and why others do not.

    `url` is the page of its form.
    """

    action: Action
    url: str
    allowed: int
    reason: str


def menu_actions() -> list[Action]:
    """Return the actions of the bar's menu, which need no parameters."""
    return [
        action
        for action in registry.of_noun("instance")
        if action.bulk and not action.asks and not action.fields and action.verb not in BULK + BIN_BULK
    ]


def _action(verb: str) -> Action:
    """Return an action that people may begin. Raise NotFound."""
    action = registry.find(f"instance.{verb}")
    if action is None or not action.order:
        raise NotFound
    return action


@require_safe
def listing(request: Request) -> HttpResponse:
    """Show the project's instances; search, filter, sort and page are in the address."""
    query = request.GET
    everywhere = "all" in query and request.context.is_admin
    if everywhere and not is_htmx(request):
        admin_reads.record_list(request.context, "instance", query.get("search", "")[:255])
    counts = instances.counts(request.context, all_projects=everywhere)
    instances_page = _page(request, number=page_number(request), everywhere=everywhere, counted=counts)
    bulk = _permitted_actions(request, BULK)
    values = {
        "page": instances_page,
        "rows": instance_rows.rows(
            request.context, list(instances_page), everywhere=everywhere, has_boxes=bool(bulk)
        ),
        "columns": lists.columns(query, COLUMNS),
        "filters": [
            (name, label, lists.url(query, status=name), counts[name or "total"])
            for name, label in FILTERS.items()
        ],
        "status": query.get("status", ""),
        "search": query.get("search", ""),
        "everywhere": everywhere,
        "everywhere_url": lists.url(query, all="" if everywhere else "1"),
        "bulk": bulk,
        "more": menu_actions(),
        "narrowed": any(query.get(name) for name in ("search", "status", "project")),
        "query": query.urlencode(),
        "most": MOST,
    }
    parts = {"instances": "instances/table.html"}
    return live_page(request, "instances/list.html", parts, values)


@require_safe
def ids(request: Request) -> JsonResponse:
    """Return the ids of all instances that the list of this address has on its pages, at most `MOST`."""
    everywhere = "all" in request.GET and request.context.is_admin
    rows = _page(request, number=1, everywhere=everywhere, size=MOST)
    return JsonResponse(
        {"ids": [str(instance.pk) for instance in rows]}, headers={"Cache-Control": "no-store"}
    )


def _page(
    request: Request, *, number: int, everywhere: bool, size: int = 50, counted: dict[str, int] | None = None
) -> "Page[Instance]":
    """Return a page of the instances that the address asks for."""
    query = request.GET
    return instances.page(
        request.context,
        search=query.get("search", "")[:255],
        status=query.get("status", ""),
        sort=query.get("sort", ""),
        all_projects=everywhere,
        project=query.get("project", ""),
        number=number,
        size=size,
        counted=counted,
    )


@require_safe
def recycle_bin(request: Request) -> HttpResponse:
    """Show the deleted instances that can still be restored."""
    instances_page = instances.page(
        request.context, sort="-created", number=page_number(request), in_bin=True, details=True
    )
    values = {
        "page": instances_page,
        "rows": [row(request, instance, BIN_BULK) for instance in instances_page],
        "columns": lists.columns(request.GET, BIN_COLUMNS),
        "bulk": _permitted_actions(request, BIN_BULK),
        "hours": settings.RECYCLE_HOURS,
    }
    return live_page(request, "instances/bin.html", {"bin": "instances/bin_table.html"}, values)


@require_safe
def more_for_many(request: Request) -> HttpResponse:
    """Show the bar's menu for the selected instances."""
    rows = instances.by_ids(request.context, request.GET.getlist("ids")[:MOST])
    ids = urlencode([("ids", str(instance.pk)) for instance in rows])
    offers, refused = [], []
    for action in (*menu_actions(), *map(_action, many.FORMS)):
        asks = action.verb in many.FORMS
        instance_choices = [
            choice(request.context, instance, action) for instance in rows if asks or action.applies(instance)
        ]
        reasons = dict.fromkeys(
            instance_choice.reason for instance_choice in instance_choices if instance_choice.reason
        )
        offer = Offer(
            action=action,
            url=f"{reverse(f'instances-{action.verb}')}?{ids}" if asks else "",
            allowed=sum(instance_choice.allowed for instance_choice in instance_choices),
            reason=" ".join(reasons),
        )
        if offer.allowed:
            offers.append(offer)
        elif reasons:
            refused.append((str(action.label), offer.reason))
    values = {"offers": offers, "impossible": by_reason(refused), "chosen": len(rows)}
    return render(request, "parts/bulk_menu.html", values)


@require_safe
def question(request: Request, verb: str) -> JsonResponse:
    """Word the question before an action on the selected instances: which they are, and what will happen to them.

    `named` is what has to be typed, for what cannot be undone.
    """
    policy.enforce(request.context, f"instance:{verb}")
    action = _action(verb)
    rows = instances.by_ids(request.context, request.GET.getlist("ids")[:MOST])
    effects = [choice(request.context, instance, action).effect.verb for instance in rows]
    counts = Counter(effects)
    # With the recycle bin off, deleting is for good too. What never ran has nothing to lose.
    loses = verb == "purge" or any(
        effect == "purge" and instance.launched_at for effect, instance in zip(effects, rows, strict=True)
    )
    warnings = [(count, str(_action(effect).confirm)) for effect, count in counts.items()]
    if len(warnings) == 1:
        sentences = [_("For each: %(warning)s") % {"warning": warning} for _count, warning in warnings]
    else:
        sentences = [
            _("For %(n)s of them: %(warning)s") % {"n": count, "warning": warning}
            for count, warning in warnings
        ]
    names = project_contents.shorten(sorted(instance.name for instance in rows))
    title = ngettext("%(label)s: %(n)s instance?", "%(label)s: %(n)s instances?", len(rows))
    values = {
        "title": title % {"label": action.label, "n": len(rows)},
        "text": " ".join([f"{names}.", *sentences]),
        "yes": str(action.label),
        "named": str(len(rows)) if loses else None,
    }
    return JsonResponse(values, headers={"Cache-Control": "no-store"})


@require_POST
def act_on_many(request: Request, verb: str) -> HttpResponse:
    """Begin an action on each of the selected instances. Show the reasons of those that refuse."""
    action = _action(verb)
    if not action.bulk:
        raise NotFound
    instance_ids = list(dict.fromkeys(request.POST.getlist("ids")))
    if not 0 < len(instance_ids) <= MOST:
        raise BadInput(_("Choose from 1 to %(most)s instances.") % {"most": MOST})
    refusals = begin_each(request.context, action, instance_ids)
    count = len(instance_ids) - len(refusals)
    message = words.begun(action, ngettext("%(n)s instance", "%(n)s instances", count) % {"n": count})
    if not refusals:
        return done(
            request,
            message,
            reverse("recycle-bin" if verb in BIN_BULK else "instances"),
            changed=("instances", "quota"),
            more=More(
                undo_url=reverse("instances-action", args=[action.undo]) if action.undo else "",
                undo_values={"ids": instance_ids},
            ),
        )
    return tell_refusals(message, refusals, "instances", "quota")


def row(request: Request, instance: Instance, verbs: tuple[str, ...] = ()) -> Row:
    """Return the instance with the choices of `verbs`, all by default. Costs no query."""
    operation = instance.open_operation
    actions = map(_action, verbs) if verbs else registry.of_noun("instance")
    return Row(
        instance=instance,
        choices=[choice(request.context, instance, action) for action in actions if action.applies(instance)],
        entry=make_entry(operation) if operation else None,
        until=purge_at(instance),
    )


def _permitted_actions(request: Request, verbs: tuple[str, ...]) -> list[Action]:
    """Return the actions of the bar. Readers, who may begin none, see neither bar nor boxes."""
    return [_action(verb) for verb in verbs if policy.allows(request.context, f"instance:{verb}")]
