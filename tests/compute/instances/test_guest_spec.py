"""From rows to libvirt's XML: which devices, and that nothing a person writes becomes more than its text."""

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from accounts.errors import BadInput
from accounts.names import clean_name
from compute.driver.specs import GuestSpec
from compute.driver.specs.sources import label
from compute.driver.xml.guest import guest_domain
from compute.engine.models import Operation
from compute.instances.models import Instance
from compute.instances.services import guest_spec, guests, machine_disks
from tests import factories
from tests.hostile import STRANGE_BUT_TRUE_NAMES

ANY_TEXT = st.text(max_size=200)
GIB = 2**30
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def is_name(text: str) -> bool:
    try:
        return bool(clean_name(text))
    except BadInput:  # such as the fillers among letters, which hide what stands beside them
        return False


NAMES = (
    st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=255)
    .filter(is_name)
    .map(clean_name)
)


@pytest.fixture
def operation(db: None) -> Operation:
    """A launch of an instance with a host and a card."""
    instance = factories.InstanceFactory(hypervisor=factories.HypervisorFactory())
    factories.PoolFactory(hosts=[instance.hypervisor])
    factories.PortFactory(instance=instance)
    return factories.OperationFactory(instance=instance, kind="instance.launch")


def devices(spec: GuestSpec) -> str:
    return ", ".join(f"{disk.target} {disk.bus}" for disk in spec.disks)


def volumes(spec: GuestSpec) -> list[str]:
    return [Path(label(disk.source)).name for disk in spec.disks]


@pytest.mark.parametrize(
    ("properties", "usual", "rescued"),
    [
        ({}, "vda virtio, sda scsi", "vda virtio, vdb virtio, sda scsi"),
        ({"hw_disk_bus": "scsi"}, "sda scsi, sdb scsi", "sda scsi, sdc scsi, sdb scsi"),
        ({"hw_disk_bus": "sata"}, "sda sata, sdb sata", "sda sata, sdc sata, sdb sata"),
        ({"hw_cdrom_bus": "sata"}, "vda virtio, sda sata", "vda virtio, vdb virtio, sda sata"),
    ],
)
def test_disks(operation: Operation, properties: dict[str, str], usual: str, rescued: str) -> None:
    """A rescued machine boots from the first device, its own disk is behind all others; the rest stay."""
    instance = factories.instance_of(operation)
    instance.hardware = {"image": properties}
    machine_disks.sync(instance)
    root, config = machine_disks.root(instance), machine_disks.config(instance)
    spec = guest_spec.build(instance, operation)
    assert (devices(spec), volumes(spec)) == (usual, [root.volume_name, config.volume_name])

    rescue = machine_disks.plug_rescue(instance, root.image_id, GIB)
    spec = guest_spec.build(instance, operation)
    assert (devices(spec), volumes(spec)[0], volumes(spec)[-1]) == (
        rescued,
        rescue.volume_name,
        config.volume_name,
    )
    assert [disk.boot_order for disk in spec.disks] == [1, 2, None]


def test_only_uefi_has_variables_to_keep(operation: Operation) -> None:
    instance = factories.instance_of(operation)
    assert guest_spec.build(instance, operation).nvram is None
    instance.hardware = {"image": {"hw_firmware_type": "uefi"}}
    assert guest_spec.build(instance, operation).nvram == guests.nvram(instance)


def written(instance: Instance, operation: Operation) -> etree._Element:
    return etree.fromstring(guest_domain(guest_spec.build(instance, operation)).to_xml())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=NAMES | st.sampled_from(STRANGE_BUT_TRUE_NAMES),
    description=ANY_TEXT,
    metadata=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=5),
    tags=st.lists(ANY_TEXT, max_size=5),
    user_data=TEXT,
    key=ANY_TEXT,
)
def test_whatever_people_write_stays_text(
    operation: Operation,
    name: str,
    description: str,
    metadata: dict[str, str],
    tags: list[str],
    user_data: str,
    key: str,
) -> None:
    """The name comes back equal as the title; all the rest leaves the machine as it is."""
    instance = factories.instance_of(operation)
    instance.name = "plain"
    instance.description, instance.metadata, instance.tags, instance.user_data = "", {}, [], ""
    plain = written(instance, operation)
    instance.name, instance.description, instance.metadata, instance.tags = name, description, metadata, tags
    instance.user_data = base64.b64encode(user_data.encode()).decode()
    instance.key_name = instance.public_key = key
    hostile = written(instance, operation)
    (title,), (before,) = hostile.findall("title"), plain.findall("title")
    assert title.text == name
    title.text = before.text
    assert etree.tostring(hostile) == etree.tostring(plain)
