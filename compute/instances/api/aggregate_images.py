"""`/os-aggregates/{id}/images`: images brought to hosts before anybody launches from them (from 2.81 on)."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.responses import accepted
from compute.api.base import ComputeView
from compute.hosts.services import aggregates
from compute.images.models import Image
from compute.images.services import delivery, images
from compute.instances.api.schemas import aggregate_images as schemas


class AggregateImages(ComputeView):
    since = Version(2, 81)

    @contract(body=schemas.CACHE, answers={202: None})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Bring the images to every host of the aggregate that lacks them."""
        policy.enforce(self.context, "hypervisor:write")
        aggregate = aggregates.get(self.context, key)
        rows = [self._image(entry["id"]) for entry in self.body()["cache"]]
        for image in rows:
            for host in aggregate.hosts.all():
                delivery.begin(self.context, image, host)
        return accepted()

    def _image(self, image_id: str) -> Image:
        try:
            return images.get_launchable(self.context, image_id)
        except NotFound as error:
            raise BadInput(fields={"cache": _("There is no image %(id)s.") % {"id": image_id}}) from error
