"""The history of operations, step by step."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import keyset, policy
from accounts.context import Context
from accounts.keyset import Part
from compute.engine.actions import cancelling, retrying
from compute.engine.models import Operation
from compute.engine.services import operations_log
from portal.activity_entries import make_entries
from portal.lists import by_key
from portal.requests import Request, done, live_page, page


@require_safe
def activity(request: Request) -> HttpResponse:
    """Show the project's operations, newest first; to administrators, those of all projects if asked."""
    everywhere = "all" in request.GET
    before = keyset.parse(request.GET.get("before", ""), Operation)
    part = operations_log.recent(request.context, before=before, all_projects=everywhere)
    values: dict[str, object] = {"everywhere": everywhere, "show_subject": True}
    values |= entries_context(request.context, part) | by_key(request, part)
    return live_page(request, "activity/activity.html", {"activity": "activity/list.html"}, values)


def entries_context(context: Context, part: Part[Operation]) -> dict[str, object]:
    """Return what `activity/list.html` needs of operations, also on pages of what they were asked for."""
    return {
        "entries": make_entries(part),
        "cancellable": cancelling.cancellable(context, part),
        "may_retry": policy.allows(context, "operation:retry"),
    }


@require_safe
def in_progress(request: Request) -> HttpResponse:
    """Show the header's list of running operations."""
    return page(request, "frame/operations.html")


@require_POST
def seen(request: Request) -> HttpResponse:
    """Note that the user has looked at what has ended."""
    request.user.operations_seen_at = timezone.now()
    request.user.save(update_fields=["operations_seen_at"])
    return HttpResponse(status=204)


@require_POST
def cancel(request: Request, operation_id: str) -> HttpResponse:
    """Have an operation undone that has not gone too far."""
    operation = cancelling.cancel(request.context, operation_id)
    message = _("Cancelling: %(name)s") % {"name": operation.subject_name}
    return done(request, message, reverse("activity"), changed=_topics(operation))


@require_POST
def retry(request: Request, operation_id: str) -> HttpResponse:
    """Undo a stuck operation again."""
    operation = retrying.retry(request.context, operation_id)
    message = _("Undoing once more: %(name)s") % {"name": operation.subject_name}
    return done(request, message, reverse("activity"), changed=_topics(operation))


def _topics(operation: Operation) -> tuple[str, str]:
    return f"{operation.subject_type}:{operation.subject_id}", "operations"
