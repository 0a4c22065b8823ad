"""`/os-aggregates`: hosts that have something in common."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.openstack.contract import contract
from accounts.openstack.times import without_zone
from compute.api.base import ComputeView
from compute.hosts.api.schemas import aggregates as schemas
from compute.hosts.models import Aggregate
from compute.hosts.services import aggregates
from compute.hosts.services.aggregates import ZONE_KEY, ZoneTaken


class Aggregates(ComputeView):
    """GET lists, POST creates."""

    @contract(answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        rows = aggregates.listing(self.context)
        return JsonResponse({"aggregates": [show(self, row) for row in rows]})

    @contract(body=schemas.CREATE, answers={200: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        data = self.body()["aggregate"]
        created = show(self, aggregates.create(self.context, data["name"], data.get(ZONE_KEY)))
        # Nova's answer to this call alone has neither.
        return JsonResponse(
            {"aggregate": {name: created[name] for name in created if name not in {"hosts", "metadata"}}}
        )


class OneAggregate(ComputeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return _answer(self, aggregates.get(self.context, _number(key)))

    @contract(body=schemas.UPDATE, answers={200: schemas.SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Change name and availability zone."""
        data = self.body()["aggregate"]
        return _answer(self, _as_nova(lambda: aggregates.update(self.context, _number(key), data)))

    @contract(answers={200: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        aggregates.delete(self.context, _number(key))
        return HttpResponse(status=200)


class Action(ComputeView):
    """add_host, remove_host and set_metadata."""

    @contract(body=schemas.ACTION, answers={200: schemas.SHOWN})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Add or remove a host, or set metadata."""
        number = _number(key)
        ((name, data),) = self.body().items()
        if name == "set_metadata":
            metadata = data["metadata"]
            return _answer(self, _as_nova(lambda: aggregates.set_metadata(self.context, number, metadata)))
        act = aggregates.add_host if name == "add_host" else aggregates.remove_host
        return _answer(self, act(self.context, number, data.get("host")))


def show(view: ComputeView, aggregate: Aggregate) -> dict[str, Any]:
    zone = aggregate.availability_zone or None
    body: dict[str, Any] = {
        "id": aggregate.pk,
        "name": aggregate.name,
        "availability_zone": zone,
        "hosts": [host.name for host in aggregate.hosts.all()],
        "metadata": aggregate.metadata | ({ZONE_KEY: zone} if zone else {}),
        "created_at": without_zone(aggregate.created_at),
        "updated_at": without_zone(aggregate.updated_at),
        "deleted_at": None,
        "deleted": False,
    }
    return body | ({"uuid": str(aggregate.uuid)} if view.at_least(41) else {})


def _answer(view: ComputeView, aggregate: Aggregate) -> HttpResponse:
    return JsonResponse({"aggregate": show(view, aggregate)})


def _number(key: str) -> str:
    """Return the id unchanged. Raise BadInput unless it is a whole number, as Nova does."""
    digits = key.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(fields={"id": _("Give a whole number.")})
    return key


def _as_nova(change: Callable[[], Aggregate]) -> Aggregate:
    """Turn a conflict of zones into BadInput, as Nova does except where hosts are added or removed."""
    try:
        return change()
    except ZoneTaken as error:
        raise BadInput(error.text) from error
