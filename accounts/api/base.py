"""Base of the resources of the Identity API: lists, links, filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse, QueryDict
from rest_framework.request import Request

from accounts.api.schemas.common import ERROR, LOOKUPS
from accounts.names import is_text
from accounts.openstack.contract import Contract
from accounts.openstack.paging import Page, Paging, next_page_query
from accounts.openstack.responses import listed, no_content
from accounts.openstack.schema import Schema
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView
from accounts.services import inputs


def _fault(status: int, message: str) -> dict[str, Any]:
    """Return an error in Keystone's form."""
    return {"error": {"code": status, "title": HTTPStatus(status).phrase, "message": message}}


IDENTITY = Service(
    type="identity",
    root="/identity",
    base="/identity/v3",
    fault=_fault,
    error_schema=ERROR,
    paging=Paging(default=None, most=None, least=1),
)
url = IDENTITY.url


class IdentityView(ApiView):
    """Speak as Keystone does."""

    api = IDENTITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of the API: how a row is shown, and the filters of its list: {parameter: column}.

    `create` and `update` are the schemas of bodies, `item` and `list` of answers, `query` of the list's query. `narrow`
    applies the filters that are no mere column. `unshown` are columns that lists need not read.
    """

    noun: str
    path: str
    show: Callable[[Any], dict[str, Any]]
    item: Schema
    list: Schema
    query: Schema
    create: Schema = field(default_factory=dict)
    update: Schema = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    narrow: Callable[[QuerySet[Any], QueryDict], QuerySet[Any]] | None = None
    unshown: tuple[str, ...] = ()

    @property
    def plural(self) -> str:
        return self.path.rpartition("/")[2]


class Collection(IdentityView):
    """GET lists, POST creates."""

    resource: ClassVar[Resource]

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def create(self, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def get(self, request: Request, **_arguments: str) -> HttpResponse:
        return listing(request, self.resource, self.rows())

    @classmethod
    def contract(cls, method: str) -> Contract:
        resource = cls.resource
        if method == "post":
            return Contract(body=resource.create, answers={201: resource.item})
        return Contract(query=resource.query, answers={200: resource.list})

    def post(self, request: Request, **_arguments: str) -> HttpResponse:
        row = self.create(self.body()[self.resource.noun])
        return JsonResponse({self.resource.noun: self.resource.show(row)}, status=201)


class Member(IdentityView):
    """GET shows, PATCH changes, DELETE removes one row."""

    resource: ClassVar[Resource]

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def update(self, key: str, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def remove(self, key: str) -> None:
        raise NotImplementedError

    @classmethod
    def contract(cls, method: str) -> Contract:
        resource = cls.resource
        if method == "delete":
            return Contract(answers={204: None})
        if method == "patch":
            return Contract(body=resource.update, answers={200: resource.item})
        return (
            Contract(answers={200: resource.item}) if method in {"get", "head"} else super().contract(method)
        )

    def get(self, request: Request, key: str) -> HttpResponse:
        row = inputs.get_or_404(self.rows(), key, self.resource.noun)
        return JsonResponse({self.resource.noun: self.resource.show(row)})

    def patch(self, request: Request, key: str) -> HttpResponse:
        row = self.update(key, self.body()[self.resource.noun])
        return JsonResponse({self.resource.noun: self.resource.show(row)})

    def delete(self, request: Request, key: str) -> HttpResponse:
        self.remove(key)
        return no_content()


def links(resource: str, key: str) -> dict[str, str]:
    return {"self": url(f"{resource}/{key}")}


def listing(request: Request, resource: Resource, rows: QuerySet[Any]) -> HttpResponse:
    """Return the filtered page of rows that the query string requests. Raise BadInput."""
    visible = rows.defer(*resource.unshown) if resource.unshown else rows
    page = IDENTITY.paging.page(request.query_params, filter_rows(request, resource, visible))
    return page_response(request, resource.plural, page, resource.show)


def page_response(
    request: Request,
    plural: str,
    page: Page[Any],
    show: Callable[[Any], dict[str, Any]],
    *,
    marker: Callable[[Any], object] = lambda row: row.pk,
) -> HttpResponse:
    """Return a page with its links. It has a next one exactly if a limit cut the list."""
    following_page = None
    if page.more:
        query = next_page_query(request._request.GET, marker(page.rows[-1]))
        following_page = f"{settings.PUBLIC_URL}{request.path}?{query}"
    return listed(
        {
            plural: [show(row) for row in page.rows],
            "links": {
                "self": f"{settings.PUBLIC_URL}{request.get_full_path()}",
                "previous": None,
                "next": following_page,
            },
        }
    )


def filter_rows(request: Request, resource: Resource, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows that match every filter; other parameters are ignored. Raise BadInput."""
    for name, value in request.query_params.items():
        base, _separator, lookup = name.partition("__")
        if base in resource.texts and (not lookup or lookup in LOOKUPS):
            column = resource.texts[base] + (f"__{lookup}" if lookup else "")
            rows = rows.filter(**{column: value}) if is_text(value) else rows.none()
        elif name in resource.flags:
            flag = value == "" or inputs.flag({name: value}, name, True)
            rows = rows.filter(**{resource.flags[name]: flag})
    return resource.narrow(rows, request.query_params) if resource.narrow else rows
