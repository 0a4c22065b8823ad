"""`/servers/{id}/os-instance-actions`: operations and their steps."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import NotFound
from accounts.names import is_text
from accounts.openstack import ids
from accounts.openstack.contract import contract
from accounts.openstack.paging import Page
from accounts.openstack.times import without_zone
from compute.api.base import COMPUTE, ComputeView
from compute.engine.actions import registry
from compute.engine.models import Operation
from compute.engine.services import operations_log
from compute.instances.api.changes import period
from compute.instances.api.schemas import records as schemas
from compute.instances.api.servers import find, find_with_deleted

CREATE = "create"
"""The action in the list of an instance that another instance's operation made, such as a clone."""

REQUEST = "req-"
"""The prefix of every request id."""


class InstanceActions(ComputeView):
    @contract(query=schemas.ACTIONS_QUERY, answers={200: schemas.ACTIONS})
    def get(self, request: Request, key: str) -> HttpResponse:
        page = self._page(_operations(self, key).defer("parameters", "timeline"))
        body: dict[str, Any] = {"instanceActions": [_show(self, key, row) for row in page.rows]}
        if page.more:
            path = f"servers/{key}/os-instance-actions"
            body["links"] = [COMPUTE.next_link(request, path, _request_id(page.rows[-1]))]
        return JsonResponse(body)

    def _page(self, rows: "QuerySet[Operation]") -> Page[Operation]:
        """Return a page of what changed in the period; all rows before 2.58, which brought pages."""
        if not self.at_least(58):
            return Page(rows=list(rows), more=False)
        start, end = period(self, since=58)
        if start:
            rows = rows.filter(updated_at__gte=start)
        if end:
            rows = rows.filter(updated_at__lte=end)
        return COMPUTE.paging.page(self.request.query_params, rows, find=_request_condition)


class OneInstanceAction(ComputeView):
    """Show one action by its request id, with its events."""

    @contract(answers={200: schemas.ACTION})
    def get(self, request: Request, key: str, request_id: str) -> HttpResponse:
        rows = _operations(self, key).select_related("host")
        row = rows.filter(_request_condition(request_id)).first() if is_text(request_id) else None
        if row is None:
            raise NotFound(_("Action for request_id %(id)s could not be found.") % {"id": request_id[:64]})
        return JsonResponse({"instanceAction": _show(self, key, row) | self._events(row)})

    def _events(self, row: Operation) -> dict[str, Any]:
        """Return the events, before 2.51 for administrators only. Fields of the host are always for administrators."""
        admin = policy.allows(self.context, "instance:read_host")
        if not admin and not self.at_least(51):
            return {}
        return {"events": [self._event(row, entry, admin=admin) for entry in row.timeline]}

    def _event(self, row: Operation, entry: dict[str, Any], *, admin: bool) -> dict[str, Any]:
        ended = entry.get("ended")
        has_failed = row.state in {Operation.State.FAILED, Operation.State.STUCK} and not ended
        body: dict[str, Any] = {
            "event": f"compute_{entry['name']}",
            "start_time": _format_time(entry["began"]),
            "finish_time": _format_time(ended),
            "result": "Error" if has_failed else "Success" if ended else None,
        }
        if admin or not self.at_least(51):
            body["traceback"] = None
        if self.at_least(62):
            body["hostId"] = ""
            if admin:
                body["host"] = row.host.name if row.host else ""
        if self.at_least(84):
            body["details"] = row.error["message"] if has_failed and row.error else None
        return body


def _operations(view: ComputeView, key: str) -> "QuerySet[Operation]":
    """Return the operations of the server of the address, newest first. Raise NotFound, Forbidden.

    From 2.21 also of a deleted one.
    """
    server = find_with_deleted(view, key) if view.at_least(21) else find(view, key)
    return operations_log.visible_on(view.context, server.pk)


def _request_id(row: Operation) -> str:
    """Return the id of the request that began the operation; without a request, an id made of the operation's."""
    return row.request_id if row.request_id.startswith(REQUEST) else f"{REQUEST}{row.pk}"


def _request_condition(request_id: str) -> Q:
    """Return the condition of the operation with this request id."""
    if not request_id.startswith(REQUEST):
        return Q(pk__in=[])
    condition = Q(request_id=request_id)
    if own := ids.uuid(request_id.removeprefix(REQUEST)):
        condition |= Q(pk=own) & ~Q(request_id__startswith=REQUEST)
    return condition


def _show(view: ComputeView, key: str, row: Operation) -> dict[str, Any]:
    body = {
        "action": _name(row) if str(row.subject_id) == key else CREATE,
        "instance_uuid": key,
        "request_id": _request_id(row),
        "user_id": row.user_id or "",
        "project_id": row.project_id,
        "start_time": without_zone(row.created_at),
        "message": row.error["message"] if row.error else None,
    }
    return body | ({"updated_at": without_zone(row.updated_at)} if view.at_least(58) else {})


def _name(row: Operation) -> str:
    """Return Nova's name of the action."""
    action = registry.find(row.kind)
    return (action.api_history if action else "") or row.verb


def _format_time(moment: str | None) -> str | None:
    return without_zone(datetime.fromisoformat(moment)) if moment else None
