"""Specs that between them use everything a guest can be made of."""

from pathlib import Path

from compute.driver.specs import BackingSpec, DiskSpec, GuestSpec, GuestTag, NetworkSpec, PortSpec

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
            path=POOL / "root",
            format="qcow2",
            target="vda",
            boot_order=1,
            backing=BackingSpec(
                path=POOL / "middle",
                format="qcow2",
                backing=BackingSpec(path=POOL / "image", format="raw"),
            ),
        ),
        DiskSpec(path=POOL / "data", format="raw", target="vdb"),
        DiskSpec(path=POOL / "shared", format="raw", target="sdb", bus="scsi", read_only=True),
        DiskSpec(path=POOL / "seed", format="raw", target="sda", bus="scsi", device="cdrom", boot_order=2),
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

NETWORK = NetworkSpec(
    name="net-a",
    uuid="5a3f0f2c-6d0e-4a9b-b1b5-6a1f6c0d7e11",
    bridge="br-5a3f0f2c",
    cidr="10.0.0.0/24",
    gateway="10.0.0.1",
    dhcp_folder=Path("/srv/dhcp/net-a"),
    mtu=1450,
)
