"""`/volumes/{id}/metadata` and `/snapshots/{id}/metadata`: texts that clients keep on them."""

from typing import Any, ClassVar

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput, NotFound
from accounts.openstack.contract import contract
from accounts.openstack.responses import done
from compute.volumes.api.base import VolumeView
from compute.volumes.api.schemas import volumes as schemas
from compute.volumes.services import volume_snapshots, volumes


class _OnRow(VolumeView):
    """`service` finds the rows and begins verbs on them."""

    service: ClassVar[Any] = volumes


class Metadata(_OnRow):
    @contract(answers={200: schemas.METADATA_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._shown(key)

    @contract(body=schemas.METADATA_BODY, answers={200: schemas.METADATA_SHOWN})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Add metadata, or replace those of the same keys."""
        self.service.act(self.context, key, "set_metadata", {"more": self.body()["metadata"]})
        return self._shown(key)

    @contract(body=schemas.METADATA_BODY, answers={200: schemas.METADATA_SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Replace all metadata."""
        self.service.act(self.context, key, "set_metadata", {"metadata": self.body()["metadata"]})
        return self._shown(key)

    def _shown(self, key: str) -> HttpResponse:
        return JsonResponse({"metadata": self.service.get(self.context, key).metadata})


class OneMeta(_OnRow):
    @contract(answers={200: schemas.META_SHOWN})
    def get(self, request: Request, key: str, name: str) -> HttpResponse:
        return JsonResponse({"meta": {name: self._value(key, name)}})

    @contract(body=schemas.META_BODY, answers={200: schemas.META_SHOWN})
    def put(self, request: Request, key: str, name: str) -> HttpResponse:
        meta = self.body()["meta"]
        if list(meta) != [name]:
            raise BadInput(fields={"meta": _("The body must hold the key of the address, and no other.")})
        self.service.act(self.context, key, "set_metadata", {"more": meta})
        return JsonResponse({"meta": meta})

    @contract(answers={200: None})
    def delete(self, request: Request, key: str, name: str) -> HttpResponse:
        self._value(key, name)
        self.service.act(self.context, key, "set_metadata", {"without": [name]})
        return done()

    def _value(self, key: str, name: str) -> str:
        metadata = self.service.get(self.context, key).metadata
        if name not in metadata:
            raise NotFound(_("The volume has no metadata %(name)s.") % {"name": name[:64]})
        return str(metadata[name])


class SnapshotMetadata(Metadata):
    service: ClassVar[Any] = volume_snapshots


class OneSnapshotMeta(OneMeta):
    service: ClassVar[Any] = volume_snapshots
