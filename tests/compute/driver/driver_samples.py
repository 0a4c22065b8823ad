"""Specs that between them use everything a guest can be made of."""

from dataclasses import replace
from pathlib import Path

from compute.driver.specs import BackingSpec, DiskSpec, GuestSpec, GuestTag, NetworkSpec, PortSpec
from compute.driver.specs.sources import BlockSource, FileSource, NetworkSource, StorageAuth, StorageHost

POOL = Path("/srv/pool")

TAG = GuestTag(
    installation="5c0f1d8e", instance="2f6b9a30", project="demo", operation="9d1e77c4", order=7, fence=3
)

BARE = GuestSpec(
    uuid="8a6e0804-2bd0-4672-b79d-d97027f9071a",
    name="instance-8a6e0804",
    title="",
    vcpus=1,
    memory_mib=128,
    virt_type="qemu",
    disks=(),
    ports=(),
    vnc_socket=Path("/srv/sockets/8a6e0804.vnc"),
    console_log=Path("/srv/logs/8a6e0804.log"),
    tag=TAG,
)

FULL = GuestSpec(
    uuid="d2b7c3a4-93f1-4c58-8d2e-1f6d5b0c9e71",
    name="instance-d2b7c3a4",
    title='web <1> & "co"\nsecond line',
    vcpus=4,
    memory_mib=2048,
    virt_type="kvm",
    disks=(
        DiskSpec(
            source=FileSource(path=POOL / "root"),
            format="qcow2",
            target="vda",
            boot_order=1,
            backing=BackingSpec(
                source=FileSource(path=POOL / "middle"),
                format="qcow2",
                backing=BackingSpec(source=FileSource(path=POOL / "image"), format="raw"),
            ),
        ),
        DiskSpec(source=FileSource(path=POOL / "data"), format="raw", target="vdb"),
        DiskSpec(
            source=FileSource(path=POOL / "shared"), format="raw", target="sdb", bus="scsi", read_only=True
        ),
        DiskSpec(
            source=FileSource(path=POOL / "seed"),
            format="raw",
            target="sda",
            bus="scsi",
            device="cdrom",
            boot_order=2,
        ),
    ),
    ports=(
        PortSpec(
            id="0b1c2d3e",
            mac="52:54:00:12:34:56",
            network="net-a",
            address="10.0.0.5",
            tap_name="tap0b1c2d3e",
        ),
        PortSpec(
            id="4f5a6b7c",
            mac="52:54:00:65:43:21",
            network="net-b",
            address="10.0.1.5",
            tap_name="tap4f5a6b7c",
        ),
    ),
    vnc_socket=Path("/srv/sockets/d2b7c3a4.vnc"),
    console_log=Path("/srv/logs/d2b7c3a4.log"),
    tag=TAG,
)

SOURCES = replace(
    BARE,
    disks=(
        DiskSpec(
            source=BlockSource(device=Path("/dev/vg0/root")),
            format="qcow2",
            target="vda",
            serial="5d1c0e0f-8f5a-4a53-a",
            boot_order=1,
            backing=BackingSpec(
                source=BlockSource(device=Path("/dev/vg0/middle")),
                format="qcow2",
                backing=BackingSpec(
                    source=NetworkSource(
                        protocol="nbd", name="image", hosts=(StorageHost(name="10.0.0.9", port=10809),)
                    ),
                    format="raw",
                ),
            ),
        ),
        DiskSpec(
            source=NetworkSource(
                protocol="rbd",
                name="volumes/volume-1",
                hosts=(StorageHost(name="mon-a", port=6789), StorageHost(name="mon-b")),
                auth=StorageAuth(username="meridian", secret_uuid="0f2c9f67-2b5e-4f0a-9a3c-6f8b1d1c7e52"),
            ),
            format="raw",
            target="vdb",
        ),
        DiskSpec(
            source=NetworkSource(
                protocol="iscsi",
                name="iqn.2026-01.org.example:disks/1",
                hosts=(StorageHost(name="10.0.0.8", port=3260),),
                auth=StorageAuth(username="meridian", secret_uuid="0f2c9f67-2b5e-4f0a-9a3c-6f8b1d1c7e53"),
            ),
            format="raw",
            target="sda",
            bus="scsi",
        ),
    ),
)

NETWORK = NetworkSpec(
    name="net-a",
    uuid="5a3f0f2c-6d0e-4a9b-b1b5-6a1f6c0d7e11",
    bridge="br-5a3f0f2c",
    cidr="10.0.0.0/24",
    gateway="10.0.0.1",
    dhcp_folder=Path("/srv/dhcp/net-a"),
    mtu=1450,
)
