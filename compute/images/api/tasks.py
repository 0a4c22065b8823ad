"""Tasks: what Glance calls the operations by which images are imported."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import NotFound
from accounts.openstack import sorting
from accounts.openstack.contract import contract
from accounts.openstack.paging import next_page_query
from accounts.openstack.responses import listed
from accounts.openstack.times import seconds
from compute.engine.models import Operation
from compute.images.api.base import IMAGE, ImageView
from compute.images.api.schemas import tasks as schemas
from compute.images.services import imports

State = Operation.State

STATUS = {
    State.PENDING: "pending",
    State.RUNNING: "processing",
    State.UNDOING: "processing",
    State.SUCCEEDED: "success",
}
FAILURE = "failure"

SORTS = {"id": "pk", "status": "state", "created_at": "created_at", "updated_at": "updated_at"}


class ImageTasks(ImageView):
    @contract(answers={200: schemas.OF_IMAGE})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the imports of one image, to its owner."""
        rows = imports.of_image(self.context, key)
        return listed({"tasks": [_brief(row) | _detail(row) | {"deleted": False} for row in rows]})


class Tasks(ImageView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        """List all imports, to administrators as in Glance."""
        policy.enforce(self.context, "image:read_tasks")
        query = request.query_params
        rows = imports.unscoped_imports()
        if query.get("type", schemas.TYPE) != schemas.TYPE:
            rows = rows.none()
        if status := query.get("status"):
            rows = rows.filter(state__in=[state for state in State if _status(state) == status])
        order = sorting.order(request._request.GET, SORTS, "created_at", "desc")
        page = IMAGE.paging.page(query, rows.order_by(*order, "-pk"))
        body: dict[str, Any] = {
            "tasks": [_brief(row) | _links(row) for row in page.rows],
            "first": "/v2/tasks",
            "schema": "/v2/schemas/tasks",
        }
        if page.more:
            body["next"] = f"/v2/tasks?{next_page_query(request._request.GET, page.rows[-1].pk)}"
        return listed(body)


class OneTask(ImageView):
    @contract(answers={200: schemas.ROW})
    def get(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "image:read_tasks")
        try:
            row = imports.unscoped_imports().get(pk=UUID(key))
        except (Operation.DoesNotExist, ValueError) as error:
            raise NotFound(_("No task found with ID %(key)s") % {"key": key[:64]}) from error
        return JsonResponse(_brief(row) | _detail(row) | _links(row))


def _status(state: str) -> str:
    return STATUS.get(State(state), FAILURE)


def _brief(row: Operation) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "type": schemas.TYPE,
        "status": _status(row.state),
        "owner": row.project_id,
        "expires_at": None,
        "created_at": seconds(row.created_at),
        "updated_at": seconds(row.updated_at),
    }


def _detail(row: Operation) -> dict[str, Any]:
    parameters = row.parameters
    method = {"name": parameters["method"]} | ({"uri": parameters["uri"]} if "uri" in parameters else {})
    image = str(row.subject_id)
    return {
        "input": {"image_id": image, "import_req": parameters["request"] | {"method": method}},
        "result": {"image_id": image} if row.state == State.SUCCEEDED else None,
        "message": _message(row),
        "image_id": image,
        "request_id": row.request_id,
        "user_id": row.user_id,
    }


def _links(row: Operation) -> dict[str, str]:
    return {"self": f"/v2/tasks/{row.pk}", "schema": "/v2/schemas/task"}


def _message(row: Operation) -> str:
    """Return why an import failed, or how far it is."""
    if row.error:
        return str(row.error["message"])
    if row.progress:
        return _("%(done)s MiB so far") % {"done": row.progress["done"] >> 20}
    return ""
