"""`/os-aggregates`: hosts that have something in common."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api.base import ComputeView
from compute.hosts.models import Aggregate
from compute.hosts.services import aggregates
from compute.hosts.services.aggregates import ZONE_KEY, ZoneTaken


class Aggregates(ComputeView):
    """GET lists, POST creates."""

    def get(self, request: Request) -> HttpResponse:
        found = aggregates.listing(self.context)
        return JsonResponse({"aggregates": [show(self, row) for row in found]})

    def post(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "hypervisor:write")
        given = _given(self)
        made = show(self, aggregates.create(self.context, given.get("name"), given.get(ZONE_KEY)))
        # Nova's answer to this call alone has neither.
        return JsonResponse(
            {"aggregate": {name: made[name] for name in made if name not in {"hosts", "metadata"}}}
        )


class OneAggregate(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return _answer(self, aggregates.get(self.context, _number(key)))

    def put(self, request: Request, key: str) -> HttpResponse:
        """Change name and availability zone."""
        policy.enforce(self.context, "hypervisor:write")
        given = _given(self)
        if not given:
            raise BadInput(_("Give a name or an availability zone."))
        return _answer(self, _as_nova(lambda: aggregates.update(self.context, _number(key), given)))

    def delete(self, request: Request, key: str) -> HttpResponse:
        aggregates.delete(self.context, _number(key))
        return HttpResponse(status=200)


class Action(ComputeView):
    """add_host, remove_host and set_metadata."""

    def post(self, request: Request, key: str) -> HttpResponse:
        """Add or remove a host, or set metadata."""
        policy.enforce(self.context, "hypervisor:write")
        body = self.body()
        number = _number(key)
        if "set_metadata" in body:
            given = inputs.mapping(inputs.mapping(body, "set_metadata"), "metadata")
            changed = _as_nova(lambda: aggregates.set_metadata(self.context, number, given))
            return _answer(self, changed)
        for name, act in {"add_host": aggregates.add_host, "remove_host": aggregates.remove_host}.items():
            if name in body:
                return _answer(self, act(self.context, number, inputs.mapping(body, name).get("host")))
        raise BadInput(_("Say add_host, remove_host or set_metadata."))


def show(view: ComputeView, aggregate: Aggregate) -> dict[str, Any]:
    zone = aggregate.availability_zone or None
    shown: dict[str, Any] = {
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
    return shown | ({"uuid": str(aggregate.uuid)} if view.at_least(41) else {})


def _answer(view: ComputeView, aggregate: Aggregate) -> HttpResponse:
    return JsonResponse({"aggregate": show(view, aggregate)})


def _given(view: ComputeView) -> dict[str, Any]:
    given = inputs.mapping(view.body(), "aggregate")
    if unknown := given.keys() - {"name", ZONE_KEY}:
        raise BadInput(fields={name[:64]: _("This is not known.") for name in sorted(unknown)})
    return given


def _number(key: str) -> str:
    """The id as it came. Raises BadInput for what is no whole number, as Nova does."""
    digits = key.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(fields={"id": _("Give a whole number.")})
    return key


def _as_nova(change: Callable[[], Aggregate]) -> Aggregate:
    """Nova calls a zone that cannot be had here a bad request, and a conflict where hosts come and go."""
    try:
        return change()
    except ZoneTaken as error:
        raise BadInput(error.text) from error
