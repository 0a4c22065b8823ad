"""Imports, by the methods that there are, into the store that there is (Image API, v2.6 and later)."""

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from compute.images.api.base import ImageView
from compute.images.api.schemas import tasks as schemas
from compute.images.services import imports


class Import(ImageView):
    @contract(body=schemas.IMPORT, answers={202: None})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Begin an import. `all_stores` means the one store that there is."""
        imports.import_data(self.context, key, self.body())
        return accepted()


class ImportMethods(ImageView):
    @contract(answers={200: schemas.METHODS})
    def get(self, request: Request) -> HttpResponse:
        value = list(imports.METHODS)
        methods = {"description": _("Import methods available."), "type": "array", "value": value}
        return JsonResponse({"import-methods": methods})


class Stores(ImageView):
    @contract(answers={200: schemas.STORES})
    def get(self, request: Request) -> HttpResponse:
        store = {"id": imports.store_id(), "description": _("Image files"), "default": True}
        return JsonResponse({"stores": [store]})


class Cache(ImageView):
    @contract(answers={200: schemas.CACHE})
    def get(self, request: Request) -> HttpResponse:
        """List no image: hosts keep copies of those that they use, and this API caches none."""
        policy.enforce(self.context, "image:read_cache")
        return JsonResponse({"cached_images": [], "queued_images": []})
