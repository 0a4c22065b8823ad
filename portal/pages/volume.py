"""A volume's page: facts, where it is attached, operations and permitted actions."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import keyset, policy
from accounts.errors import NotFound
from compute.engine.actions import cancelling, registry
from compute.engine.actions.begin import begin
from compute.engine.actions.permitted import choices
from compute.engine.models import Operation
from compute.engine.services import admin_reads, operations_log
from compute.volumes.models import Volume
from compute.volumes.services import volumes
from portal import volume_guide, volume_rows, words
from portal.action_menu import action_menu
from portal.activity_entries import make_entry
from portal.form_pages import form_page
from portal.forms import Form, Pairs
from portal.lists import by_key
from portal.pages import volume_forms
from portal.pages.activity import entries_context
from portal.requests import More, Request, away, done, is_htmx, live_page


class MetadataForm(Form):
    """Parses only; the action validates."""

    metadata = Pairs(label=gettext_lazy("Metadata"), help_text=gettext_lazy("Lines of key=value."), rows=6)


@require_safe
def overview(request: Request, volume_id: UUID) -> HttpResponse:
    """Show facts, the instance that has it, and how it is found in the guest."""
    volume = volumes.get(request.context, volume_id)
    values = {
        "attachment": volume.attachment,
        "guide": volume_guide.make(volume),
        "source": _source(request, volume),
        "hosts": [host.name for host in volume.disk.pool.hosts.all()] if volume.disk else [],
    }
    return show_tab(request, volume, "overview", "volumes/overview.html", "volumes/facts.html", values)


@require_safe
def activity(request: Request, volume_id: UUID) -> HttpResponse:
    """Show the operations of the volume."""
    volume = volumes.get(request.context, volume_id)
    before = keyset.parse(request.GET.get("before", ""), Operation)
    part = operations_log.recent(request.context, row=volume, before=before)
    values = entries_context(request.context, part) | by_key(request, part) | {"topic": f"volume:{volume.pk}"}
    return show_tab(request, volume, "activity", "volumes/activity.html", "activity/list.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: Request, volume_id: UUID, verb: str) -> HttpResponse:
    """Begin an action, or show its form. What pages edit in place is sent by htmx, without the form."""
    action = registry.find(f"volume.{verb}")
    if action is None or not action.order:
        raise NotFound
    volume = volumes.get(request.context, volume_id)
    if action.asks and not (request.method == "POST" and is_htmx(request)):
        return volume_forms.ask(request, volume, action)
    if request.method != "POST":
        raise NotFound
    begin(
        request.context,
        action.name,
        volume_id,
        parameters={field: request.POST[field] for field in action.fields if field in request.POST},
        idempotency_key=request.POST.get("key") or None,
    )
    message = words.begun(action, request.POST.get("name") or str(volume))
    if action.danger and request.POST.get("leave"):
        return away(request, message, reverse("volumes"))
    ends = action.move is not None and action.move.end in action.kind.deleted_states
    back = reverse("volumes") if ends else reverse("volume", args=[volume_id])
    topics = ("volumes", f"volume:{volume_id}", "operations", "quota")
    return done(request, message, back, changed=topics, more=More(url="" if action.danger else back))


def metadata(request: Request, volume_id: UUID) -> HttpResponse:
    """Replace the volume's metadata."""
    policy.enforce(request.context, "volume:set_metadata")
    volume = volumes.get(request.context, volume_id)
    back = reverse("volume", args=[volume_id])

    def save(data: dict[str, Any]) -> tuple[str, str]:
        begin(request.context, "volume.set_metadata", volume_id, parameters={"metadata": data["metadata"]})
        return _("Changed the metadata of %(name)s") % {"name": volume}, back

    form = MetadataForm(request.POST or None, initial={"metadata": volume.metadata})
    heading = _("Metadata of %(name)s") % {"name": volume}
    return form_page(
        request, form, save, heading=heading, button=_("Save"), back=back, values={"volume": volume}
    )


def show_tab(
    request: Request, volume: Volume, name: str, template: str, part: str, values: dict[str, Any]
) -> HttpResponse:
    """Show a tab of the page. `template` extends volumes/page.html; `part` is its live region #tab."""
    if not is_htmx(request):
        admin_reads.record_row(request.context, volume)
    offered = choices(request.context, volume)
    operation = volume.open_operation
    frame = {
        "volume": volume,
        "tab": name,
        "menu": action_menu(offered),
        "main_choices": [choice for choice in offered if choice.action.main and choice.allowed],
        "may": {choice.action.verb: choice.allowed for choice in offered},
        "may_metadata": policy.allows(request.context, "volume:set_metadata"),
        "entry": make_entry(operation) if operation else None,
        "may_cancel": bool(operation and cancelling.cancellable(request.context, [operation])),
        "is_away": volume_rows.is_away(volume),
    }
    parts = {
        "volume-header": "volumes/header.html",
        "tab": part,
        # Lists ask for the menu only when somebody opens it.
        f"menu-{volume.pk}": "volumes/menu.html",
    }
    return live_page(request, template, parts, frame | values)


def _source(request: Request, volume: Volume) -> Volume | None:
    """Return the volume that it is a copy of, if that still exists and the asker may see it."""
    if volume.source_volume_id is None:
        return None
    try:
        return volumes.get(request.context, volume.source_volume_id)
    except NotFound:
        return None


urlpatterns = [
    path("volumes/<uuid:volume_id>/", overview, name="volume"),
    path("volumes/<uuid:volume_id>/activity/", activity, name="volume-activity"),
    path("volumes/<uuid:volume_id>/metadata/", metadata, name="volume-metadata"),
    path("volumes/<uuid:volume_id>/actions/<slug:verb>/", act, name="volume-action"),
]
