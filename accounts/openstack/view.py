"""The base of all views of the APIs: token, microversion, body, errors."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.addresses import client_address
from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.openstack import microversions, validation
from accounts.openstack.authentication import TokenAuthentication
from accounts.openstack.contract import EMPTY, Contract, at
from accounts.openstack.microversions import Version
from accounts.openstack.service import Service
from accounts.services.tokens import Valid


class AnyAccept(BaseContentNegotiation):
    """Answer JSON whatever Accept says: real clients send an empty one, which DRF would refuse."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], "application/json"


class ApiView(APIView):
    """Require a token, unless the view is `anonymous`.

    `since` and `until` are the microversions that have the resource.
    """

    api: ClassVar[Service]
    anonymous: ClassVar[bool] = False
    since: ClassVar[Version | None] = None
    until: ClassVar[Version | None] = None
    version: Version = microversions.NONE
    _body: dict[str, Any] | None = None
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

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if versions := self.api.microversions:
            self.version = versions.oldest
            self.version = versions.requested(request._request)
        super().initial(request, *args, **kwargs)
        self.check_address(request._request)
        if (self.since and self.version < self.since) or (self.until and self.version > self.until):
            raise NotFound(_("The resource could not be found."))
        self._enforce_contract(request)

    def _enforce_contract(self, request: Request) -> None:
        """Raise BadInput unless query string and body fit the schemas of the method."""
        rules = self.contract(str(request.method).lower())
        if (schema := at(rules.query, self.version)) is not None:
            strict = self.api.strict_queries is not None and self.version >= self.api.strict_queries
            validation.enforce_query(schema, dict(request._request.GET.lists()), strict=strict)
        if (schema := at(rules.body, self.version)) is not None:
            validation.enforce(schema, self.json() if schema.get("type") == "array" else self.body())

    @classmethod
    def contract(cls, method: str) -> Contract:
        """Return the contract of a method."""
        handler = getattr(cls, method, None) or (cls.contract("get") if method == "head" else None)
        return handler if isinstance(handler, Contract) else getattr(handler, "contract", EMPTY)

    def check_address(self, request: HttpRequest) -> None:
        """Raise BadInput where the address contradicts the token."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        if versions := self.api.microversions:
            versions.set_headers(
                finished, self.version if self.version >= versions.oldest else versions.oldest
            )
        if name := self.api.request_id_header:
            finished[name] = getattr(request._request, "request_id", "")
        return finished

    def handle_exception(self, exc: Exception) -> Any:
        response = self.api.error_response(exc)
        if response is None:
            raise exc
        return response

    def at_least(self, minor: int) -> bool:
        """Return whether the request speaks this minor version or a newer one."""
        return self.version.minor >= minor

    @property
    def valid(self) -> Valid:
        """Return the token that the request carries."""
        return cast("Valid", self.request.auth)

    @cached_property
    def context(self) -> Context:
        """Return the context of the request."""
        request = self.request._request
        return self.valid.context(
            address=client_address(request),
            request_id=getattr(request, "request_id", ""),
        )

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object, whatever its Content-Type; an empty body is an empty object."""
        if self._body is None:
            body = self.json()
            if not isinstance(body, dict):
                raise BadInput(_("The body must be a JSON object."))
            self._body = body
        return self._body

    def json(self) -> Any:
        """Return the request's JSON value; an empty body is an empty object. Raise BadInput."""
        raw = self.request._request.body
        if not raw.strip():
            return {}
        try:
            return json.loads(raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise BadInput(_("The body is no JSON that we can read.")) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
