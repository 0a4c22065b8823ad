"""Disks as rows: devices are kept as disks come and go, and rows follow the sizes. Real disks: tests/life."""

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import Conflict
from compute.hosts.models import Pool
from compute.instances.models import Instance
from compute.instances.services import hardware, machine_disks
from compute.volumes.models import Disk
from tests import factories

pytestmark = pytest.mark.django_db
GIB, MIB = 2**30, 2**20
Role = Disk.Role
ALL = {"ephemeral_gib": 1, "swap_mib": 64}


@pytest.fixture
def pool(db: None) -> Pool:
    return factories.PoolFactory(hosts=[factories.HypervisorFactory()])


def made(pool: Pool, bus: str = "virtio", **sizes: int) -> Instance:
    """An instance whose machine has the disks that its sizes ask for."""
    instance = factories.InstanceFactory(hypervisor=pool.hosts.get(), disk_gib=1, **sizes)
    give_bus(instance, bus)
    machine_disks.sync(instance)
    return instance


def give_bus(instance: Instance, bus: str) -> None:
    properties = {} if bus == "virtio" else {"hw_disk_bus": bus}
    instance.hardware = {"flavor": {}, "image": properties}
    instance.save()


def resize(instance: Instance, **sizes: int) -> None:
    for name, value in sizes.items():
        setattr(instance, name, value)
    instance.save()
    machine_disks.sync(instance)


def devices(instance: Instance) -> dict[str, str]:
    """Device → role of what the machine has."""
    return {disk.device: disk.role for disk in instance.disks.plugged()}


def keys(instance: Instance) -> dict[str, object]:
    """Role → row of what the machine has."""
    return {disk.role: disk.pk for disk in instance.disks.plugged()}


@pytest.mark.parametrize(
    ("bus", "sizes", "expected"),
    [
        ("virtio", {}, {"vda": "root", "sda": "config"}),
        ("virtio", ALL, {"vda": "root", "vdb": "ephemeral", "vdc": "swap", "sda": "config"}),
        ("virtio", {"swap_mib": 64}, {"vda": "root", "vdb": "swap", "sda": "config"}),
        ("scsi", ALL, {"sda": "root", "sdb": "ephemeral", "sdc": "swap", "sdd": "config"}),
        ("sata", {"ephemeral_gib": 1}, {"sda": "root", "sdb": "ephemeral", "sdc": "config"}),
    ],
)
def test_a_new_machine(pool: Pool, bus: str, sizes: dict[str, int], expected: dict[str, str]) -> None:
    instance = made(pool, bus, **sizes)
    assert devices(instance) == expected
    before = list(instance.disks.values())
    machine_disks.sync(instance)
    assert list(instance.disks.values()) == before, "once more changes nothing"
    assert {disk.pool for disk in instance.disks.all()} == {pool}


def test_what_rows_say_of_disks(pool: Pool) -> None:
    instance = made(pool, **ALL)
    assert {disk.role: (disk.format, disk.size_bytes, disk.image) for disk in instance.disks.all()} == {
        "root": ("qcow2", GIB, instance.image),
        "ephemeral": ("qcow2", GIB, None),
        "swap": ("qcow2", 64 * MIB, None),
        "config": ("raw", 0, None),
    }
    assert [disk.role for disk in machine_disks.data(instance)] == ["root", "ephemeral", "swap"]
    assert (
        machine_disks.root(instance).device == machine_disks.first_device(hardware.spec_of(instance)) == "vda"
    )


RESIZES = {
    "ephemeral and swap come": (
        {},
        ALL,
        {"vda": "root", "vdb": "ephemeral", "vdc": "swap", "sda": "config"},
    ),
    "ephemeral comes beside swap": (
        {"swap_mib": 64},
        ALL,
        {"vda": "root", "vdb": "swap", "vdc": "ephemeral", "sda": "config"},
    ),
    "ephemeral goes": (ALL, {"ephemeral_gib": 0}, {"vda": "root", "vdc": "swap", "sda": "config"}),
    "swap goes": (ALL, {"swap_mib": 0}, {"vda": "root", "vdb": "ephemeral", "sda": "config"}),
    "both grow": (
        ALL,
        {"ephemeral_gib": 2, "swap_mib": 128, "disk_gib": 3},
        {"vda": "root", "vdb": "ephemeral", "vdc": "swap", "sda": "config"},
    ),
}


@pytest.mark.parametrize("name", RESIZES)
def test_disks_come_and_go_and_the_others_keep_their_devices(pool: Pool, name: str) -> None:
    before, after, expected = RESIZES[name]
    instance = made(pool, **before)
    kept = keys(instance)
    resize(instance, **after)
    assert devices(instance) == expected
    present = keys(instance)
    assert {role: present[role] for role in kept.keys() & present.keys()} == {
        role: kept[role] for role in kept.keys() & present.keys()
    }
    replaced = instance.disks.filter(role=Role.REPLACED)
    assert {disk.pk for disk in replaced} == {kept[role] for role in kept.keys() - present.keys()}
    assert {disk.device for disk in replaced} <= {""}


def test_what_comes_back_takes_the_first_free_device(pool: Pool) -> None:
    instance = made(pool, **ALL)
    resize(instance, ephemeral_gib=0)
    resize(instance, ephemeral_gib=1)
    assert devices(instance) == {"vda": "root", "vdb": "ephemeral", "vdc": "swap", "sda": "config"}
    assert instance.disks.filter(role=Role.REPLACED).count() == 1


@pytest.mark.parametrize(
    ("bus", "rescued"),
    [
        (
            "virtio",
            {"vda": "rescue", "vdd": "root", "vdb": "ephemeral", "vdc": "swap", "sda": "config"},
        ),
        ("scsi", {"sda": "rescue", "sde": "root", "sdb": "ephemeral", "sdc": "swap", "sdd": "config"}),
    ],
)
def test_rescue_and_back(pool: Pool, bus: str, rescued: dict[str, str]) -> None:
    instance = made(pool, bus, **ALL)
    before = devices(instance)
    for _again in range(2):
        disk = machine_disks.plug_rescue(instance, instance.image_id, GIB)
    assert devices(instance) == rescued
    assert (disk.image, disk.size_bytes) == (instance.image, GIB)
    machine_disks.sync(instance)
    assert devices(instance) == rescued, "sizes ask for no rescue disk and take none away"
    for _again in range(2):
        machine_disks.unplug_rescue(instance)
    assert devices(instance) == before
    assert instance.disks.get(device="").role == Role.RESCUE, "its volume is still to be deleted"


@pytest.mark.parametrize(
    ("bus", "to", "expected"),
    [
        ("virtio", "virtio", {"vda": "root", "vdb": "ephemeral", "vdc": "swap", "sda": "config"}),
        ("virtio", "scsi", {"sdb": "root", "sdc": "ephemeral", "sdd": "swap", "sda": "config"}),
        ("scsi", "virtio", {"vda": "root", "vdb": "ephemeral", "vdc": "swap", "sdd": "config"}),
    ],
)
def test_rebuild(pool: Pool, bus: str, to: str, expected: dict[str, str]) -> None:
    """A new root disk in the place of the old one; an image with another bus moves what is on the old bus."""
    instance = made(pool, bus, **ALL)
    kept = keys(instance)
    image = factories.ImageFactory(name="other")
    for _again in range(2):
        new = machine_disks.new_root(instance, image.pk, 2 * GIB)
    assert (new.device, instance.disks.count()) == ("", 5), "until the exchange it is beside the old one"
    for _again in range(2):
        machine_disks.exchange_root(instance)
    give_bus(instance, to)
    machine_disks.sync(instance)
    assert devices(instance) == expected
    assert {disk.bus for disk in machine_disks.data(instance)} == {to}
    present = keys(instance)
    assert present == kept | {"root": new.pk}
    assert instance.disks.get(role=Role.REPLACED).pk == kept["root"]


def test_a_clone_has_the_same_disks_under_the_same_devices(pool: Pool) -> None:
    source = made(pool, **ALL)
    resize(source, ephemeral_gib=0)
    resize(source, ephemeral_gib=1)
    machine_disks.copy_of(machine_disks.root(source))
    copy = factories.InstanceFactory(hypervisor=source.hypervisor, image=source.image)
    machine_disks.mirror(source, copy)
    assert devices(copy) == devices(source)
    pairs = machine_disks.pairs(source, copy)
    assert {disk.role: its.role for disk, its in pairs} == {role: role for role in Disk.DATA}
    assert all(disk.pk != its.pk and disk.size_bytes == its.size_bytes for disk, its in pairs)
    assert set(keys(source).values()).isdisjoint(keys(copy).values())


def test_two_disks_of_a_machine_cannot_have_one_device(pool: Pool) -> None:
    instance = made(pool)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.DiskFactory(instance=instance, pool=pool, role=Role.EPHEMERAL, device="vda")
    factories.DiskFactory(instance=instance, pool=pool, role=Role.REPLACED, device="")
    factories.DiskFactory(instance=instance, pool=pool, role=Role.REPLACED, device="")


def test_without_disks_and_without_a_host_it_says_so(pool: Pool) -> None:
    instance = factories.InstanceFactory(hypervisor=pool.hosts.get())
    with pytest.raises(Conflict, match="has no disk yet"):
        machine_disks.root(instance)
    with pytest.raises(Conflict, match="never found a host"):
        machine_disks.sync(factories.InstanceFactory())
