"""Default rows for a first launch: one network, flavors from tiny to large, and a type of volumes."""

from django.conf import settings
from django.db import transaction

from compute.hosts.services import hosts
from compute.instances.models import Flavor
from compute.networks.models import Network
from compute.volumes.services import volume_types

FLAVORS = (
    ("1", "tiny", 1, 128, 1),
    ("2", "small", 1, 1024, 10),
    ("3", "medium", 2, 4096, 20),
    ("4", "large", 4, 8192, 40),
    ("5", "xlarge", 8, 16384, 80),
)


@transaction.atomic
def ensure() -> None:
    """Make the network, the flavors and a type of volumes, unless there are any."""
    volume_types.default()
    if not Network.objects.exists():
        Network.objects.create(
            name="default", cidr=settings.NETWORK_CIDR, bridge=f"mr{hosts.installation().short}"
        )
    if not Flavor.objects.exists():
        Flavor.objects.bulk_create(
            Flavor(id=number, name=name, vcpus=vcpus, ram_mib=ram, disk_gib=disk)
            for number, name, vcpus, ram, disk in FLAVORS
        )
