"""What a launch needs, and a picture of every table."""

from collections.abc import Callable

import pytest
from django.apps import apps

from compute.images.models import Image
from compute.instances.models import Flavor
from compute.instances.services.launch_request import LaunchRequest
from compute.networks.models import Network
from tests import factories


@pytest.fixture
def network(db: None) -> Network:
    return factories.NetworkFactory()


@pytest.fixture
def flavor(db: None) -> Flavor:
    return factories.FlavorFactory(name="tiny", vcpus=1, ram_mib=128, disk_gib=1)


@pytest.fixture
def image(db: None) -> Image:
    return factories.ImageFactory()


@pytest.fixture
def request_for(network: Network, flavor: Flavor, image: Image) -> Callable[..., LaunchRequest]:
    """A request that is good but for what is said."""

    def make(**wishes: object) -> LaunchRequest:
        good: dict[str, object] = {"name": "web", "flavor_id": flavor.pk, "image_id": str(image.pk)}
        return LaunchRequest(**(good | wishes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def row_counts(db: None) -> Callable[[], dict[str, int]]:
    """Counts the rows of every table."""
    return lambda: {model._meta.label: model.objects.count() for model in apps.get_models()}
