"""Version documents, which need no token, and the answer to unknown URLs."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.contract import Contract
from accounts.openstack.schema import Schema
from accounts.openstack.view import ApiView


class VersionDocument(ApiView):
    """Show which versions there are."""

    anonymous = True
    answers: ClassVar[Mapping[int, Schema]]
    """The status of the document, and its schema."""

    def content(self) -> dict[str, Any]:
        raise NotImplementedError

    def get(self, request: Request) -> HttpResponse:
        (status,) = self.answers
        return JsonResponse(self.content(), status=status)

    @classmethod
    def contract(cls, method: str) -> Contract:
        return Contract(answers=cls.answers)


class Unknown(ApiView):
    """Every other address: an error that API clients can read, and no redirect to one with a slash."""

    anonymous = True
    status: ClassVar[int] = 404
    message: ClassVar[str] = "The resource could not be found."

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.api.error(self.status, self.message)


def entry(key: str, status: str, href: str, **more: Any) -> dict[str, Any]:
    """Return the entry of one version in a document."""
    return {"id": key, "status": status, **more, "links": [{"rel": "self", "href": href}]}
