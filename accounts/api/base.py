"""What all resources of the APIs share: who asks, bodies, answers; and what those of Identity do: lists, paging."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.addresses import client_address
from accounts.api import faults
from accounts.api.authentication import TokenAuthentication
from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import is_text
from accounts.services import inputs
from accounts.services.tokens import Valid

LOOKUPS = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith")
"""How names may be compared in lists, as `name__contains=…`."""


class AnyAccept(BaseContentNegotiation):
    """JSON whatever is asked for: real clients send an empty Accept, which DRF would refuse."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], "application/json"


class TokenView(APIView):
    """Asks for a token; subclasses that say `anonymous` do not. `fault` turns an error into the API's own body."""

    anonymous: ClassVar[bool] = False
    service: ClassVar[str]
    """The OpenStack type that access rules name."""
    root: ClassVar[str]
    """Where the paths that access rules name begin."""
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AnyAccept

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return login_not_required(super().as_view(**initkwargs))

    def get_authenticators(self) -> list[Any]:
        return [] if self.anonymous else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        return [] if self.anonymous else super().get_permissions()

    def fault(self, error: Exception) -> JsonResponse | None:
        """The answer to an error that a person may read; None for bugs."""
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Any:
        response = self.fault(exc)
        if response is None:
            raise exc
        return response

    @property
    def valid(self) -> Valid:
        """The token that the request carries."""
        return cast("Valid", self.request.auth)

    @property
    def context(self) -> Context:
        """Who asks."""
        request = self.request._request
        return self.valid.context(
            address=client_address(request),
            request_id=getattr(request, "request_id", ""),
        )

    def body(self) -> dict[str, Any]:
        """The JSON object of the request, whatever its Content-Type says; an empty body is an empty object."""
        raw = self.request._request.body
        if not raw.strip():
            return {}
        try:
            body = json.loads(raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise BadInput(_("The body is no JSON that we can read.")) from error
        if not isinstance(body, dict):
            raise BadInput(_("The body must be a JSON object."))
        return body


class IdentityView(TokenView):
    """Speaks as Keystone does."""

    service = "identity"
    root = "/identity"

    def fault(self, error: Exception) -> JsonResponse | None:
        return faults.of(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """How rows of one kind look and how lists of them are filtered: {parameter: column}."""

    noun: str
    path: str
    show: Callable[[Any], dict[str, Any]]
    texts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def plural(self) -> str:
        return self.path.rpartition("/")[2]


class Collection(IdentityView):
    """GET lists, POST creates."""

    resource: ClassVar[Resource]

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def create(self, given: dict[str, Any]) -> Any:
        raise NotImplementedError

    def get(self, request: Request, **_arguments: str) -> HttpResponse:
        return listing(request, self.resource, self.rows())

    def post(self, request: Request, **_arguments: str) -> HttpResponse:
        row = self.create(inputs.mapping(self.body(), self.resource.noun))
        return JsonResponse({self.resource.noun: self.resource.show(row)}, status=201)


class Member(IdentityView):
    """GET shows, PATCH changes, DELETE removes one row."""

    resource: ClassVar[Resource]

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def update(self, key: str, given: dict[str, Any]) -> Any:
        raise NotImplementedError

    def remove(self, key: str) -> None:
        raise NotImplementedError

    def get(self, request: Request, key: str) -> HttpResponse:
        row = inputs.get_or_404(self.rows(), key, self.resource.noun)
        return JsonResponse({self.resource.noun: self.resource.show(row)})

    def patch(self, request: Request, key: str) -> HttpResponse:
        row = self.update(key, inputs.mapping(self.body(), self.resource.noun))
        return JsonResponse({self.resource.noun: self.resource.show(row)})

    def delete(self, request: Request, key: str) -> HttpResponse:
        self.remove(key)
        return no_content()


def no_content() -> HttpResponse:
    """204, which has neither a body nor a type."""
    response = HttpResponse(status=204)
    del response.headers["Content-Type"]
    return response


def url(path: str) -> str:
    """The whole address of a path below /identity/v3."""
    return f"{settings.PUBLIC_URL}/identity/v3/{path}"


def links(resource: str, key: str) -> dict[str, str]:
    return {"self": url(f"{resource}/{key}")}


def zulu(moment: datetime) -> str:
    """A token's time: microseconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def naive(moment: datetime | None) -> str | None:
    """Times elsewhere: microseconds, UTC without saying so."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") if moment else None


def listing(request: Request, resource: Resource, rows: QuerySet[Any]) -> HttpResponse:
    """The list that the query string asks for."""
    return listed(request, resource.plural, page(request, filtered(request, resource, rows)), resource.show)


def listed(
    request: Request, plural: str, found: list[Any], show: Callable[[Any], dict[str, Any]], **more: Any
) -> HttpResponse:
    """Rows as a list with its links. There is a next one exactly if a limit cut the list."""
    own = f"{settings.PUBLIC_URL}{request.get_full_path()}"
    following = None
    limit = _limit(request)
    if limit is not None and found and len(found) == limit:
        query = request.query_params.copy()
        query["marker"] = str(getattr(found[-1], "pk", ""))
        following = f"{settings.PUBLIC_URL}{request.path}?{query.urlencode()}"
    return JsonResponse(
        {
            plural: [show(row) for row in found],
            "links": {"self": own, "previous": None, "next": following},
            **more,
        }
    )


def filtered(request: Request, resource: Resource, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that fit every filter, exactly; parameters that mean nothing here are passed over."""
    for name, value in request.query_params.items():
        base, _separator, lookup = name.partition("__")
        if base in resource.texts and (not lookup or lookup in LOOKUPS):
            column = resource.texts[base] + (f"__{lookup}" if lookup else "")
            rows = rows.filter(**{column: value}) if is_text(value) else rows.none()
        elif name in resource.flags:
            wanted = value == "" or inputs.flag({name: value}, name, True)
            rows = rows.filter(**{resource.flags[name]: wanted})
    return rows


def page(request: Request, rows: QuerySet[Any]) -> list[Any]:
    """At most `limit` rows after `marker`; all of them where neither is asked."""
    found = list(rows)
    marker = request.query_params.get("marker")
    if marker is not None:
        places = [place for place, row in enumerate(found) if row.pk == marker]
        if not places:
            raise BadInput(fields={"marker": _("No row of this list has this id.")})
        found = found[places[0] + 1 :]
    return found[: _limit(request)]


def _limit(request: Request) -> int | None:
    given = request.query_params.get("limit")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) > 0):
        raise BadInput(fields={"limit": _("Give a whole number from 1.")})
    return int(given)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
