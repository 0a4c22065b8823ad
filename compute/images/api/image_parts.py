"""What is said of one image by an address of its own: tags, and whether it is active."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from compute.images.api.base import ImageView
from compute.images.services import images


class Tag(ImageView):
    @contract(answers={204: None})
    def put(self, request: Request, key: str, tag: str) -> HttpResponse:
        images.set_tag(self.context, key, tag, present=True)
        return no_content()

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, tag: str) -> HttpResponse:
        images.set_tag(self.context, key, tag, present=False)
        return no_content()


class Activation(ImageView):
    @contract(answers={204: None})
    def post(self, request: Request, key: str, verb: str) -> HttpResponse:
        images.set_active(self.context, key, verb)
        return no_content()
