"""Extra specs and image properties by the APIs: told at once what is wrong, shown as they are kept."""

from typing import Any

import pytest

from accounts.models import Project
from compute.engine.models import Operation
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]


def message(answer: Any) -> str:
    return str(answer["badRequest"]["message"])


@pytest.mark.parametrize(
    ("name", "value"), [("hw:cpu_policy", "often"), ("hw:no_such_thing", "1"), ("quota:cpu_shares", "x")]
)
def test_an_extra_spec_that_cannot_be_is_400_in_every_microversion(
    admin: Compute, flavor: Flavor, name: str, value: str
) -> None:
    refused = admin.post("flavors/1/os-extra_specs", {"extra_specs": {name: value}}, 400)
    assert name in message(refused)
    assert name in message(admin.put(f"flavors/1/os-extra_specs/{name}", {name: value}, 400))
    flavor.refresh_from_db()
    assert flavor.extra_specs == {}


def test_a_server_that_cannot_be_built_is_refused(member: Compute, wish: Wish) -> None:
    Image.objects.update(properties={"hw_disk_bus": "floppy"})
    refused = message(member.post("servers", {"server": wish}, 400))
    assert "imageRef" in refused
    assert "hw_disk_bus=floppy" in refused
    Image.objects.update(properties={})
    Flavor.objects.update(extra_specs={"hw:cpu_policy": "dedicated"})
    refused = message(member.post("servers", {"server": wish}, 400))
    assert "flavorRef" in refused
    assert "hw:cpu_policy=dedicated" in refused
    assert not Instance.objects.exists()


def test_a_resize_or_rebuild_that_cannot_be_is_refused(
    member: Compute, blue: Project, flavor: Flavor, image: Image
) -> None:
    server = factories.InstanceFactory(
        project=blue, flavor=flavor, image=image, hypervisor=factories.HypervisorFactory()
    )
    numa = factories.FlavorFactory(extra_specs={"hw:numa_nodes": "2"})
    refused = message(member.act(server.pk, "resize", {"flavorRef": numa.pk}, 400))
    assert "hw:numa_nodes=2" in refused
    floppy = factories.ImageFactory(properties={"hw_disk_bus": "floppy"})
    refused = message(member.act(server.pk, "rebuild", {"imageRef": str(floppy.pk)}, 400))
    assert "hw_disk_bus=floppy" in refused
    assert not Operation.objects.exists()


def test_a_server_shows_the_extra_specs_it_was_launched_with(
    member: Compute, admin: Compute, blue: Project, flavor: Flavor
) -> None:
    kept = {"hw:boot_menu": "true"}
    server = factories.InstanceFactory(
        project=blue, flavor=flavor, hardware={"flavor": kept, "image": {"hw_disk_bus": "scsi"}}
    )
    Flavor.objects.update(extra_specs={"hw:boot_menu": "false"})
    assert member.at("2.47").get(f"servers/{server.pk}")["server"]["flavor"]["extra_specs"] == kept
    shown = admin.at("2.3").get(f"servers/{server.pk}")["server"]
    assert shown["OS-EXT-SRV-ATTR:root_device_name"] == "/dev/sda"


def test_an_image_shows_its_properties(member: Compute, image: Image) -> None:
    """Flat, and none of them in the place of what the image is."""
    Image.objects.update(properties={"hw_disk_bus": "scsi", "os_distro": "debian", "id": "another"})
    shown = member.get(f"/image/v2/images/{image.pk}")
    assert (shown["hw_disk_bus"], shown["os_distro"], shown["id"]) == ("scsi", "debian", str(image.pk))
