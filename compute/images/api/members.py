"""Members of images: the projects with which they are shared."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.openstack.times import seconds
from compute.images.api.base import ImageView
from compute.images.api.schemas import members as schemas
from compute.images.models import ImageMember
from compute.images.services import members


class Members(ImageView):
    @contract(answers={200: schemas.LIST})
    def get(self, request: Request, key: str) -> HttpResponse:
        rows = [show(row) for row in members.listing(self.context, key)]
        return JsonResponse({"members": rows, "schema": "/v2/schemas/members"})

    @contract(body=schemas.ADD, answers={200: schemas.ROW})
    def post(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse(show(members.add(self.context, key, self.body()["member"])))


class OneMember(ImageView):
    @contract(answers={200: schemas.ROW})
    def get(self, request: Request, key: str, project: str) -> HttpResponse:
        return JsonResponse(show(members.get(self.context, key, project)))

    @contract(body=schemas.ANSWER, answers={200: schemas.ROW})
    def put(self, request: Request, key: str, project: str) -> HttpResponse:
        return JsonResponse(show(members.answer(self.context, key, project, self.body()["status"])))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, project: str) -> HttpResponse:
        members.remove(self.context, key, project)
        return no_content()


def show(member: ImageMember) -> dict[str, Any]:
    return {
        "image_id": str(member.image_id),
        "member_id": member.project_id,
        "status": member.status,
        "created_at": seconds(member.created_at),
        "updated_at": seconds(member.updated_at),
        "schema": "/v2/schemas/member",
    }
