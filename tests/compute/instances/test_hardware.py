"""What images and flavors make of a guest's machine, and which of their wishes are refused."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from compute.driver.specs.hardware import (
    DEFAULT_HARDWARE,
    Bandwidth,
    CpuLimits,
    DiskLimits,
    HardwareSpec,
    Topology,
    Tpm,
)
from compute.hosts.models import Hypervisor
from compute.images.models import Image
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.actions.resize import restore_size
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors, hardware, hardware_options, scheduler
from compute.instances.services.launch_request import LaunchRequest
from compute.instances.states import VmState
from tests import factories

RequestFor = Callable[..., LaunchRequest]
RowCounts = Callable[[], dict[str, int]]
Words = dict[str, str]

UEFI = {"hw_firmware_type": "uefi"}
MACHINES: list[tuple[Words, Words, HardwareSpec]] = [
    ({}, {}, DEFAULT_HARDWARE),
    ({}, {"hw_machine_type": "pc"}, replace(DEFAULT_HARDWARE, machine="pc")),
    ({}, {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"}, replace(DEFAULT_HARDWARE, disk_bus="scsi")),
    ({}, {"hw_disk_bus": "sata"}, replace(DEFAULT_HARDWARE, disk_bus="sata", cdrom_bus="sata")),
    ({}, {"hw_disk_bus": "sata", "hw_cdrom_bus": "scsi"}, replace(DEFAULT_HARDWARE, disk_bus="sata")),
    ({}, {"hw_vif_model": "e1000e"}, replace(DEFAULT_HARDWARE, vif_model="e1000e")),
    ({}, {"hw_video_model": "bochs"}, replace(DEFAULT_HARDWARE, video_model="bochs")),
    ({}, {"hw_pointer_model": "ps2mouse"}, replace(DEFAULT_HARDWARE, tablet=False)),
    ({}, {"hw_input_bus": "virtio"}, replace(DEFAULT_HARDWARE, input_bus="virtio")),
    ({}, {"hw_qemu_guest_agent": "no"}, replace(DEFAULT_HARDWARE, guest_agent=False)),
    ({}, {"hw_rng_model": "virtio"}, DEFAULT_HARDWARE),
    ({"hw_rng:allowed": "False"}, {}, replace(DEFAULT_HARDWARE, random=False)),
    (
        {"hw_rng:rate_bytes": "1024", "hw_rng:rate_period": "1000"},
        {},
        replace(DEFAULT_HARDWARE, random_bytes=1024, random_period=1000),
    ),
    (
        {"hw:watchdog_action": "reset"},
        {"hw_watchdog_action": "pause"},
        replace(DEFAULT_HARDWARE, watchdog="reset"),
    ),
    ({}, {"hw_watchdog_action": "pause"}, replace(DEFAULT_HARDWARE, watchdog="pause")),
    ({"hw:watchdog_action": "disabled"}, {"hw_watchdog_action": "pause"}, DEFAULT_HARDWARE),
    ({"hw:boot_menu": "false"}, {"hw_boot_menu": "true"}, replace(DEFAULT_HARDWARE, boot_menu=True)),
    ({"hw:boot_menu": "1"}, {}, replace(DEFAULT_HARDWARE, boot_menu=True)),
    ({}, UEFI, replace(DEFAULT_HARDWARE, firmware="uefi")),
    ({}, UEFI | {"os_secure_boot": "disabled"}, replace(DEFAULT_HARDWARE, firmware="uefi")),
    ({"os:secure_boot": "required"}, UEFI, replace(DEFAULT_HARDWARE, firmware="uefi", secure_boot=True)),
    ({"os:secure_boot": "optional"}, UEFI, replace(DEFAULT_HARDWARE, firmware="uefi", secure_boot=True)),
    ({"os:secure_boot": "optional"}, {}, DEFAULT_HARDWARE),
    ({"hw:tpm_version": "1.2"}, {}, replace(DEFAULT_HARDWARE, tpm=Tpm(version="1.2", model="tpm-tis"))),
    (
        {"hw:tpm_version": "2.0"},
        {"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"},
        replace(DEFAULT_HARDWARE, tpm=Tpm(version="2.0", model="tpm-crb")),
    ),
    ({"hw:cpu_policy": "shared", "hw:numa_nodes": "1", "hw:mem_page_size": "small"}, {}, DEFAULT_HARDWARE),
    (
        {"quota:cpu_shares": "2048", "quota:cpu_period": "20000", "quota:cpu_quota": "10000"},
        {},
        replace(DEFAULT_HARDWARE, cpu_limits=CpuLimits(shares=2048, period=20_000, quota=10_000)),
    ),
    (
        {"quota:disk_total_iops_sec": "500", "quota:disk_read_bytes_sec": "0"},
        {},
        replace(DEFAULT_HARDWARE, disk_limits=DiskLimits(total_iops_sec=500)),
    ),
    (
        {"quota:vif_inbound_average": "1024", "quota:vif_inbound_burst": "512"},
        {},
        replace(DEFAULT_HARDWARE, inbound=Bandwidth(average=1024, burst=512)),
    ),
    ({"key": "value", "capabilities:x": "y"}, {"os_distro": "debian"}, DEFAULT_HARDWARE),
]

REFUSED: list[tuple[Words, Words, str]] = [
    ({}, {"hw_disk_bus": "floppy"}, "hw_disk_bus=floppy"),
    ({}, {"hw_vif_model": "VIRTIO"}, "hw_vif_model=VIRTIO"),
    ({}, {"hw_boot_menu": "perhaps"}, "hw_boot_menu=perhaps"),
    ({}, {"hw_cpu_cores": "0"}, "hw_cpu_cores=0"),
    ({}, {"hw_cpu_cores": "9" * 5000}, "hw_cpu_cores=999"),
    ({}, {"os_shutdown_timeout": "-1"}, "os_shutdown_timeout=-1"),
    ({}, {"os_shutdown_timeout": "soon"}, "os_shutdown_timeout=soon"),
    ({"hw:cpu_policy": "dedicated"}, {}, "hw:cpu_policy=dedicated: Guests share"),
    ({}, {"hw_cpu_policy": "dedicated"}, "hw_cpu_policy=dedicated: Guests share"),
    ({"hw:numa_nodes": "2"}, {}, "hw:numa_nodes=2: A guest is one NUMA node"),
    ({"hw:mem_page_size": "1GB"}, {}, "hw:mem_page_size=1GB"),
    ({}, {"hw_mem_encryption": "true"}, "hw_mem_encryption=true"),
    ({"hw:tpm_version": "1.2"}, {"hw_tpm_version": "2.0"}, "hw:tpm_version=1.2"),
    ({}, {"hw_tpm_model": "tpm-crb"}, "hw_tpm_version"),
    ({"hw:tpm_version": "1.2", "hw:tpm_model": "tpm-crb"}, {}, "hw_tpm_version=2.0"),
    ({"os:secure_boot": "required"}, {}, "hw_firmware_type=uefi"),
    ({"os:secure_boot": "required"}, UEFI | {"hw_machine_type": "pc"}, "hw_machine_type=q35"),
    ({"os:secure_boot": "required"}, UEFI | {"os_secure_boot": "optional"}, "they must agree"),
    ({"quota:disk_total_iops_sec": "5", "quota:disk_read_iops_sec": "5"}, {}, "disk_total_iops_sec"),
    ({"quota:vif_outbound_peak": "5"}, {}, "vif_outbound"),
]

TOPOLOGIES: list[tuple[Words, Words, int, tuple[int, int, int] | None]] = [
    ({}, {}, 4, None),
    ({"hw:cpu_sockets": "1"}, {}, 4, (1, 4, 1)),
    ({"hw:cpu_sockets": "2", "hw:cpu_cores": "1", "hw:cpu_threads": "2"}, {}, 4, (2, 1, 2)),
    ({"hw:cpu_cores": "2"}, {"hw_cpu_cores": "4"}, 8, (2, 4, 1)),  # the image's wish counts
    ({"hw:cpu_cores": "3"}, {}, 8, (8, 1, 1)),  # what cannot be is only a wish
    ({"hw:cpu_max_sockets": "2"}, {}, 8, (2, 4, 1)),
    ({"hw:cpu_max_sockets": "4"}, {"hw_cpu_max_sockets": "2"}, 8, (2, 4, 1)),
    ({"hw:cpu_sockets": "4"}, {"hw_cpu_max_sockets": "2"}, 8, (2, 4, 1)),
    ({"hw:cpu_max_sockets": "1", "hw:cpu_max_cores": "2"}, {}, 8, (1, 2, 4)),
]


@pytest.mark.parametrize(("specs", "properties", "machine"), MACHINES)
def test_machines(specs: Words, properties: Words, machine: HardwareSpec) -> None:
    assert hardware.resolve(specs, properties, 1) == machine


@pytest.mark.parametrize(("specs", "properties", "said"), REFUSED)
def test_what_cannot_be(specs: Words, properties: Words, said: str) -> None:
    reason = hardware.refusal(specs, properties, 1)
    assert said in reason
    assert len(reason) < 300, "no echo of what was sent"


@pytest.mark.parametrize(("specs", "properties", "vcpus", "wanted"), TOPOLOGIES)
def test_topologies(specs: Words, properties: Words, vcpus: int, wanted: tuple[int, int, int] | None) -> None:
    found = hardware.resolve(specs, properties, vcpus).topology
    if wanted is None:
        assert found is None
    else:
        assert found == Topology(sockets=wanted[0], cores=wanted[1], threads=wanted[2])


@pytest.mark.parametrize(
    ("specs", "properties", "said"),
    [
        ({"hw:cpu_max_sockets": "2"}, {"hw_cpu_max_sockets": "4"}, "hw_cpu_max_sockets=4"),
        ({"hw:cpu_max_sockets": "2"}, {"hw_cpu_sockets": "4"}, "hw_cpu_sockets=4"),
        ({"hw:cpu_max_sockets": "1", "hw:cpu_max_cores": "1", "hw:cpu_max_threads": "2"}, {}, "4 vCPUs"),
    ],
)
def test_impossible_topologies(specs: Words, properties: Words, said: str) -> None:
    assert said in hardware.refusal(specs, properties, 4)


def test_every_part_of_a_machine_can_be_asked_for() -> None:
    asked = [machine for _specs, _properties, machine in MACHINES]
    for field in fields(DEFAULT_HARDWARE):
        if field.name not in {"topology", "outbound"}:  # tested by themselves; as `inbound`
            assert any(getattr(one, field.name) != getattr(DEFAULT_HARDWARE, field.name) for one in asked), (
                field.name
            )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hw:watchdog_action", "explode"),
        ("hw:cpu_sockets", "-1"),
        ("hw:tpm_version", "3"),
        ("hw:no_such_thing", "1"),
        ("quota:cpu_shares", "many"),
        ("quota:no_such_thing", "1"),
        ("os:secure_boot", "yes"),
    ],
)
def test_a_flavor_is_told_at_once(as_root: Context, flavor: Flavor, name: str, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        flavors.set_specs(as_root, flavor.pk, {"hw:boot_menu": "true", name: value})
    assert str(refused.value.fields["extra_specs"]).startswith(f"{name}: ")
    flavor.refresh_from_db()
    assert flavor.extra_specs == {}


def test_what_a_flavor_may_say(as_root: Context, flavor: Flavor) -> None:
    """Also what no guest here can have: other hosts may come."""
    specs = {"hw:cpu_policy": "dedicated", "hw:numa_nodes": "2", "trait:X": "required", "note": "fast"}
    specs |= {
        "hw:numa_cpus.0": "0",
        "hw:numa_mem.1": "512",
        "hw:cpu_realtime": "yes",
        "hw_video:ram_max_mb": "8",
    }
    assert flavors.set_specs(as_root, flavor.pk, specs).extra_specs == specs


def test_names_are_each_one_option() -> None:
    named = [name for option in hardware_options.OPTIONS for name in (option.spec, option.image) if name]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("specs", "properties", "blamed"),
    [
        ({}, {"hw_disk_bus": "floppy"}, "image_id"),
        ({"hw:cpu_policy": "dedicated"}, {}, "flavor_id"),
        ({"hw:numa_cpus.0": "0", "hw:numa_cpus.1": "1"}, {}, "flavor_id"),
        ({"hw:tpm_version": "1.2"}, {"hw_tpm_version": "2.0"}, "flavor_id"),
        ({}, {"hw_firmware_type": "uefi"}, "image_id"),
    ],
)
def test_a_launch_is_refused_before_anything_is_made(
    as_alice: Context,
    request_for: RequestFor,
    row_counts: RowCounts,
    flavor: Flavor,
    image: Image,
    specs: Words,
    properties: Words,
    blamed: str,
) -> None:
    factories.HypervisorFactory(features=["tpm"])
    Flavor.objects.update(extra_specs=specs)
    Image.objects.update(properties=properties)
    before = row_counts()
    with pytest.raises(BadInput) as refused:
        launch(as_alice, request_for())
    assert list(refused.value.fields) == [blamed]
    assert row_counts() == before


def test_an_instance_keeps_what_it_was_launched_with(
    as_alice: Context, request_for: RequestFor, flavor: Flavor, image: Image
) -> None:
    Flavor.objects.update(extra_specs={"hw:watchdog_action": "reset"})
    Image.objects.update(properties={"hw_disk_bus": "scsi", "os_distro": "debian"})
    (made,) = launch(as_alice, request_for())
    Flavor.objects.update(extra_specs={})
    Image.objects.update(properties={})
    instance = Instance.objects.get(pk=made.pk)
    assert instance.hardware == {
        "flavor": {"hw:watchdog_action": "reset"},
        "image": {"hw_disk_bus": "scsi"},
    }
    assert hardware.spec_of(instance) == replace(DEFAULT_HARDWARE, watchdog="reset", disk_bus="scsi")


def test_instances_from_before_have_the_usual_machine(db: None) -> None:
    assert hardware.spec_of(factories.InstanceFactory()) == DEFAULT_HARDWARE


@pytest.mark.parametrize(("words", "seconds"), [({}, 60), ({"os_shutdown_timeout": "0"}, 0)])
def test_an_image_says_how_long_its_guests_may_take_to_shut_down(
    db: None, settings: Any, words: Words, seconds: int
) -> None:
    settings.STOP_GRACE_SECONDS = 60
    instance = factories.InstanceFactory(hardware={"flavor": {}, "image": words})
    assert hardware.grace(instance) == timedelta(seconds=seconds)
    assert hardware.spec_of(instance) == DEFAULT_HARDWARE


def test_a_resize_takes_the_new_flavors_words(as_alice: Context, network: object) -> None:
    instance = factories.InstanceFactory(
        project=as_alice.project,
        hypervisor=factories.HypervisorFactory(),
        hardware={"flavor": {"hw:boot_menu": "true"}, "image": {"hw_vif_model": "e1000e"}},
    )
    wrong = factories.FlavorFactory(extra_specs={"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"})
    with pytest.raises(Conflict, match="TPM"):
        begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": wrong.pk})
    impossible = factories.FlavorFactory(extra_specs={"hw:numa_nodes": "2"})
    with pytest.raises(BadInput) as refused:
        begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": impossible.pk})
    assert "hw:numa_nodes" in str(refused.value.fields["flavor_id"])
    larger = factories.FlavorFactory(vcpus=2, extra_specs={"hw:cpu_sockets": "1"})
    begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": larger.pk})
    instance.refresh_from_db()
    assert hardware.spec_of(instance) == replace(
        DEFAULT_HARDWARE, vif_model="e1000e", topology=Topology(sockets=1, cores=2, threads=1)
    )
    assert instance.resized_from["hardware"]["flavor"] == {"hw:boot_menu": "true"}


def test_a_resize_is_taken_back_though_its_flavor_was_deleted(as_alice: Context) -> None:
    before, larger = factories.FlavorFactory(), factories.FlavorFactory(vcpus=2)
    kept = flavors.copied_fields(before)
    instance = factories.InstanceFactory(
        project=as_alice.project, flavor=before, hypervisor=factories.HypervisorFactory()
    )
    begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": larger.pk})
    before.delete()
    larger.delete()
    instance.refresh_from_db()
    assert (instance.flavor_name, instance.vcpus) == (larger.name, 2)
    restore_size(instance)
    instance.refresh_from_db()
    assert {name: getattr(instance, name) for name in flavors.COPIED_FIELDS} == kept
    assert instance.resized_from is None


def test_a_rebuild_takes_the_new_images_words(as_alice: Context) -> None:
    instance = factories.InstanceFactory(
        project=as_alice.project,
        hypervisor=factories.HypervisorFactory(),
        hardware={"flavor": {"hw:tpm_version": "1.2"}, "image": {"hw_disk_bus": "sata"}},
    )
    for properties, said in (
        ({"hw_tpm_version": "2.0"}, "they must agree"),
        ({"hw_firmware_type": "uefi"}, "UEFI firmware"),
    ):
        image = factories.ImageFactory(properties=properties)
        with pytest.raises(BadInput) as refused:
            begin(as_alice, "instance.rebuild", instance.pk, parameters={"image_id": str(image.pk)})
        assert said in str(refused.value.fields["image_id"])
    image = factories.ImageFactory(properties={"hw_vif_model": "e1000"})
    assert hardware.options_after_rebuild(instance, image) == {
        "flavor": {"hw:tpm_version": "1.2"},
        "image": {"hw_vif_model": "e1000"},
    }


def test_a_host_is_chosen_that_can_give_it(db: None) -> None:
    factories.HypervisorFactory(name="plain", memory_mib=2**20)
    able = factories.HypervisorFactory(name="able", features=["secure_boot", "tpm", "uefi"])
    instance = factories.InstanceFactory(
        vm_state=VmState.BUILDING, hardware={"image": {"hw_firmware_type": "uefi"}}
    )
    assert scheduler.place(instance) == able
    Hypervisor.objects.filter(pk=able.pk).update(features=["tpm"])
    other = factories.InstanceFactory(vm_state=VmState.BUILDING, hardware=instance.hardware)
    with pytest.raises(Conflict, match="plain cannot give it UEFI firmware"):
        scheduler.place(other)
