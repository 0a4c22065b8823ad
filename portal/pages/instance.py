"""One instance: what it is, what is being done to it, what may be done."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import keyset, policy
from accounts.errors import NotFound
from compute.engine.actions import registry
from compute.engine.models import Operation
from compute.engine.services import operations_log
from compute.instances import states
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.services import admin_reads, expiry, instances, reconcile, schedules
from portal.lists import by_key
from portal.pages import instance_forms
from portal.pages.activity import shown as shown_activity
from portal.pages.instances import row
from portal.pages.schedules import shown
from portal.requests import Request, away, done, is_htmx, live_page


@require_safe
def overview(request: Request, instance_id: UUID) -> HttpResponse:
    """Facts, addresses, how to sign in, and a small live picture of the screen."""
    instance = instances.get(request.context, instance_id)
    ports = list(instance.ports.all())
    user = instance.image.default_user if instance.image else ""
    values = {
        "ports": ports,
        "ssh": f"ssh {user}@{ports[0].address}" if user and ports else "",
        "runs": instance.vm_state in states.RUNNING,
        "schedules": [shown(one) for one in schedules.of_instance(request.context, instance)],
        "may_schedule": policy.allows(request.context, "schedule:write"),
        "respite_days": expiry.RESPITE_DAYS,
    }
    return tab(request, instance, "overview", "instances/overview.html", "instances/facts.html", values)


@require_safe
def activity(request: Request, instance_id: UUID) -> HttpResponse:
    """Every operation of the instance."""
    instance = instances.get(request.context, instance_id)
    before = keyset.parse(request.GET.get("before", ""), Operation)
    part = operations_log.recent(request.context, row=instance, before=before)
    values = shown_activity(request.context, part) | by_key(request, part)
    return tab(request, instance, "activity", "instances/activity.html", "activity/list.html", values)


def tab(
    request: Request, instance: Instance, name: str, template: str, part: str, values: dict[str, Any]
) -> HttpResponse:
    """A tab of the instance's page. `template` extends instances/page.html; `part` is its live region #tab."""
    shown = row(request, instance)
    if not is_htmx(request):
        admin_reads.record_instance(request.context, instance)
    frame = {
        "instance": instance,
        "row": shown,
        "tab": name,
        # What an operation left has its entry among the activity; what a guest did by itself has none.
        "by_itself": (instance.fault or {}).get("code") in reconcile.REASONS,
        "expires_soon": expiry.is_soon(instance),
        "may_console": policy.allows(request.context, "instance:console"),
        "main_choices": [choice for choice in shown.choices if choice.action.main],
        "more_choices": [
            choice for choice in shown.choices if not choice.action.main and not choice.action.in_place
        ],
        "may": {choice.action.verb: choice.allowed for choice in shown.choices},
    }
    # Lists ask for the menu only when somebody opens it: fifty of them would be most of a page.
    menu = {f"menu-{instance.pk}": "instances/menu.html"}
    parts = {"instance-header": "instances/header.html", "tab": part} | menu
    return live_page(request, template, parts, frame | values)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: Request, instance_id: UUID, verb: str) -> HttpResponse:
    """Begin an action; the page hears of it at once, the rest comes by push. Some have a form to ask first."""
    action = registry.find(f"instance.{verb}")
    if action is None or not action.order:
        raise NotFound
    instance = instances.get(request.context, instance_id)
    if action.asks:
        return instance_forms.ask(request, instance, action)
    if request.method != "POST":
        raise NotFound
    name = instance.name
    operation = begin(
        request.context,
        action.name,
        instance_id,
        parameters={field: request.POST[field] for field in action.fields if field in request.POST},
        idempotency_key=request.POST.get("key") or None,
    )
    label = action.label
    said = _("%(label)s: %(name)s") % {"label": label, "name": request.POST.get("name", name)}
    purges = (
        operation is not None and operation.kind == "instance.purge"
    )  # so does the deletion of what never ran
    if purges and request.POST.get("leave"):
        return away(request, said, reverse("instances"))
    topics = ("instances", f"instance:{instance_id}", "operations", "quota")
    # What is purged may be gone before anybody could look at it.
    back = reverse("instances") if purges else reverse("instance", args=[instance_id])
    return done(request, said, back, changed=topics)
