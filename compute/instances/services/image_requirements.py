"""Requirements of images that flavors must meet."""

from compute.images.models import Image
from compute.images.services import images
from compute.instances.models import Flavor
from compute.instances.services import hardware


def refusal(image: Image, flavor: Flavor) -> str:
    """Return why the image cannot be launched in this flavor; empty if it can."""
    if reason := images.too_large(image, flavor.ram_mib, flavor.disk_gib):
        return reason
    return hardware.refusal(flavor.extra_specs, image.properties, flavor.vcpus)
