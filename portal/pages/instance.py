"""An instance's page: facts, operations and permitted actions."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import keyset, policy
from accounts.errors import NotFound
from compute.engine.actions import registry
from compute.engine.actions.permitted import Choice, choice
from compute.engine.models import Operation
from compute.engine.services import admin_reads, operations_log
from compute.instances import states
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.services import expiry, instances, reconcile, schedules
from compute.instances.services.volume_disks import HOLDING
from compute.instances.states import VmState
from compute.volumes.models import Volume
from compute.volumes.services import volume_lists
from portal import words
from portal.action_menu import action_menu
from portal.lists import by_key
from portal.pages import instance_forms
from portal.pages.activity import entries_context
from portal.pages.instances import row
from portal.pages.schedules import make_line
from portal.requests import More, Request, away, done, is_htmx, live_page


@require_safe
def overview(request: Request, instance_id: UUID) -> HttpResponse:
    """Show facts, addresses, the command for signing in, and a small live picture of the screen."""
    instance = instances.get(request.context, instance_id)
    ports = instance.ordered_ports
    user = instance.image.default_user if instance.image else ""
    values = {
        "ports": ports,
        "ssh": f"ssh {user}@{ports[0].address}" if user and ports and _can_run(instance) else "",
        "runs": instance.vm_state in states.RUNNING,
        "schedules": [make_line(schedule) for schedule in schedules.for_instance(request.context, instance)],
        "may_schedule": policy.allows(request.context, "schedule:write"),
        "extension_days": expiry.EXTENSION_DAYS,
        "attached": _attached(request, instance),
        "may_attach": policy.allows(request.context, "volume:attach") and instance.vm_state in HOLDING,
    }
    return tab(request, instance, "overview", "instances/overview.html", "instances/facts.html", values)


def _attached(request: Request, instance: Instance) -> list[tuple[Volume, Choice | None]]:
    """Return the volumes that the instance has, each with its detachment if that is possible now."""
    detach = registry.actions()["volume.detach"]
    rows = volume_lists.attached_to(request.context, instance.pk)
    offered = [(volume, choice(request.context, volume, detach)) for volume in rows]
    return [(volume, one if one.allowed else None) for volume, one in offered]


def _can_run(instance: Instance) -> bool:
    """Return whether there is a guest that runs, or could."""
    return instance.was_launched and instance.vm_state != VmState.SOFT_DELETED


@require_safe
def activity(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the operations of the instance."""
    instance = instances.get(request.context, instance_id)
    before = keyset.parse(request.GET.get("before", ""), Operation)
    part = operations_log.recent(request.context, row=instance, before=before)
    values = (
        entries_context(request.context, part) | by_key(request, part) | {"topic": f"instance:{instance.pk}"}
    )
    return tab(request, instance, "activity", "instances/activity.html", "activity/list.html", values)


def tab(
    request: Request, instance: Instance, name: str, template: str, part: str, values: dict[str, Any]
) -> HttpResponse:
    """Show a tab of the page. `template` extends instances/page.html; `part` is its live region #tab."""
    line = row(request, instance)
    if not is_htmx(request):
        admin_reads.record_row(request.context, instance)
    frame = {
        "instance": instance,
        "row": line,
        "tab": name,
        # A fault of an operation has an entry in the activity; a change by the guest itself has none.
        "by_itself": (instance.fault or {}).get("code") in reconcile.REASONS,
        "expires_soon": expiry.is_soon(instance),
        "in_bin": instance.vm_state == VmState.SOFT_DELETED,
        "may_console": policy.allows(request.context, "instance:console"),
        "menu": action_menu(line.choices),
        "main_choices": [choice for choice in line.choices if choice.action.main],
        "may": {choice.action.verb: choice.allowed for choice in line.choices},
    }
    # Lists ask for the menu only when somebody opens it: fifty of them would be most of a page.
    menu = {f"menu-{instance.pk}": "instances/menu.html"}
    parts = {"instance-header": "instances/header.html", "tab": part} | menu
    return live_page(request, template, parts, frame | values)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: Request, instance_id: UUID, verb: str) -> HttpResponse:
    """Begin an action, or show its form. The page hears of the beginning at once, of the rest by push."""
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
    message = words.begun(action, request.POST.get("name", name))
    purges = (
        operation is not None and operation.kind == "instance.purge"
    )  # deleting an instance that never ran purges it too
    if purges and request.POST.get("leave"):
        return away(request, message, reverse("instances"))
    topics = ("instances", f"instance:{instance_id}", "operations", "quota")
    # A purged instance may be gone before its page is shown.
    back = reverse("instances") if purges else reverse("instance", args=[instance_id])
    undo = reverse("instance-action", args=[instance_id, action.undo]) if action.undo and not purges else ""
    more = More(url="" if purges else back, undo_url=undo)
    return done(request, message, back, changed=topics, more=more)
