"""`/servers/{id}/os-instance-actions`: operations and their steps."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import NotFound
from accounts.openstack.contract import contract
from accounts.openstack.times import without_zone
from compute.api.base import COMPUTE, ComputeView, moment_of
from compute.engine.actions import registry
from compute.engine.models import Operation
from compute.engine.services import operations_log
from compute.instances.api.schemas import records as schemas
from compute.instances.api.servers import find
from compute.instances.models import Instance

CREATE = "create"
"""What another instance's operation is to one that it makes, such as a clone."""


class InstanceActions(ComputeView):
    @contract(query=schemas.ACTIONS_QUERY, answers={200: schemas.ACTIONS})
    def get(self, request: Request, key: str) -> HttpResponse:
        rows = {row.request_id: row for row in _operations(self, key)}
        body: dict[str, Any]
        if not self.at_least(58):
            return JsonResponse({"instanceActions": [_show(self, key, row) for row in rows.values()]})
        query = request.query_params
        since, before = moment_of(query, "changes-since"), None
        if self.at_least(66):
            before = moment_of(query, "changes-before")
        fitting = [
            name
            for name, row in rows.items()
            if (since is None or row.updated_at >= since) and (before is None or row.updated_at <= before)
        ]
        page = COMPUTE.paging.page_of_list(query, fitting, str)
        body = {"instanceActions": [_show(self, key, rows[name]) for name in page.rows]}
        if page.more:
            path = f"servers/{key}/os-instance-actions"
            body["links"] = [COMPUTE.next_link(request, path, page.rows[-1])]
        return JsonResponse(body)


class OneInstanceAction(ComputeView):
    """One action by the id of its request, with its events."""

    @contract(answers={200: schemas.ACTION})
    def get(self, request: Request, key: str, request_id: str) -> HttpResponse:
        for row in _operations(self, key):
            if row.request_id == request_id:
                return JsonResponse({"instanceAction": _show(self, key, row) | self._events(row)})
        raise NotFound(_("Action for request_id %(id)s could not be found.") % {"id": request_id[:64]})

    def _events(self, row: Operation) -> dict[str, Any]:
        """For administrators; from 2.51 on for everybody, without what concerns the host."""
        admin = policy.allows(self.context, "instance:read_host")
        if not admin and not self.at_least(51):
            return {}
        return {"events": [self._event(row, entry, admin=admin) for entry in row.timeline]}

    def _event(self, row: Operation, entry: dict[str, Any], *, admin: bool) -> dict[str, Any]:
        ended = entry.get("ended")
        went_wrong = row.state in {Operation.State.FAILED, Operation.State.STUCK} and not ended
        shown: dict[str, Any] = {
            "event": f"compute_{entry['name']}",
            "start_time": _written(entry["began"]),
            "finish_time": _written(ended),
            "result": "Error" if went_wrong else "Success" if ended else None,
        }
        if admin or not self.at_least(51):
            shown["traceback"] = None
        if self.at_least(62):
            shown["hostId"] = ""
            if admin:
                shown["host"] = row.host.name if row.host else ""
        return shown


def _operations(view: ComputeView, key: str) -> list[Operation]:
    """Newest first; those of our own making have no request and are told by their own id."""
    instance: Instance = find(view, key)
    rows = operations_log.for_row(view.context, instance.pk)
    for row in rows:
        row.request_id = row.request_id or f"req-{row.pk}"
    return rows


def _show(view: ComputeView, key: str, row: Operation) -> dict[str, Any]:
    shown = {
        "action": _name(row) if str(row.subject_id) == key else CREATE,
        "instance_uuid": key,
        "request_id": row.request_id,
        "user_id": row.user_id or "",
        "project_id": row.project_id,
        "start_time": without_zone(row.created_at),
        "message": row.error["message"] if row.error else None,
    }
    return shown | ({"updated_at": without_zone(row.updated_at)} if view.at_least(58) else {})


def _name(row: Operation) -> str:
    """What Nova calls the action."""
    action = registry.find(row.kind)
    return (action.api_history if action else "") or row.verb


def _written(moment: str | None) -> str | None:
    return without_zone(datetime.fromisoformat(moment)) if moment else None
