"""The Compute API as members and administrators meet it."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from accounts.models import Project, User
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.networks.models import Network
from tests import factories, web_server
from tests.compute.api.compute_calls import Compute, compute_of
from tests.compute.api.image_calls import made
from tests.compute.api.volume_calls import NEWEST, BlockStorage, block_storage_of
from tests.web_server import WebServer


@pytest.fixture
def member(alice: User, blue: Project) -> Compute:
    return compute_of(alice, blue)


@pytest.fixture
def reader(ruth: User, blue: Project) -> Compute:
    return compute_of(ruth, blue)


@pytest.fixture
def admin(root: User, blue: Project) -> Compute:
    return compute_of(root, blue)


@pytest.fixture
def volumes(alice: User, blue: Project) -> BlockStorage:
    return block_storage_of(alice, blue).at(NEWEST)


@pytest.fixture
def admin_volumes(root: User, blue: Project) -> BlockStorage:
    return block_storage_of(root, blue).at(NEWEST)


@pytest.fixture
def network(db: None) -> Network:
    return factories.NetworkFactory()


@pytest.fixture
def flavor(db: None) -> Flavor:
    return factories.FlavorFactory(id="1", name="tiny")


@pytest.fixture
def image(db: None) -> Image:
    return factories.ImageFactory()


@pytest.fixture
def wish(network: Network, flavor: Flavor, image: Image) -> dict[str, object]:
    """What a good request for a server holds."""
    return {"name": "web", "flavorRef": flavor.id, "imageRef": str(image.pk)}


@pytest.fixture
def server(blue: Project, flavor: Flavor, image: Image, network: Network) -> Instance:
    """One that runs in blue."""
    host = factories.HypervisorFactory(name="host-a")
    row = factories.InstanceFactory(project=blue, flavor=flavor, image=image, hypervisor=host, name="web")
    factories.PortFactory(instance=row, network=network, address="10.48.0.9")
    return row


@pytest.fixture
def stranger(bob: User, red: Project) -> Compute:
    return compute_of(bob, red)


@pytest.fixture
def image_store(image_folder: Path) -> Path:
    """The folder of images' files."""
    return image_folder


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A qcow2 image of 1 MiB."""
    return made(tmp_path_factory.mktemp("disk") / "disk", "qcow2")


@pytest.fixture
def web(settings: LazySettings) -> Iterator[WebServer]:
    """A web server that imports may fetch from, though it is on the loopback."""
    with web_server.running() as server:
        settings.IMPORT_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
        settings.IMPORT_PORTS = frozenset({80, 443, server.port})
        yield server
