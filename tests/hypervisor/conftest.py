"""A real libvirt with names, folders and addresses of our own, all gone afterwards."""

import grp
import os
import secrets
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

import pytest

import tests.tiny_image
from compute.driver.connection import close_all, connect
from compute.driver.guest.domain import Guest, list_guests
from compute.driver.host.folders import prepare_socket_folder
from compute.driver.network.nat import Network
from compute.driver.specs import BackingSpec, DiskSpec, GuestSpec, GuestTag, NetworkSpec, PortSpec
from compute.driver.storage.directory import DirectoryPool
from compute.tiny.build import TinyImage
from tests import halting_image
from tests.guests import guest_roots
from tests.hypervisor.dhcp_client import DhcpClient
from tests.hypervisor.private_libvirtd import PrivateLibvirtd
from tests.waiting import wait_until

URI = "qemu:///system"
DAEMONS = Path(__file__).parents[2] / "deploy" / "daemons"
KVM = Path("/dev/kvm")
MIB = 1 << 20
QUIET = lambda done, total: None  # noqa: E731 - nobody listens to this progress


@pytest.fixture(scope="session")
def uri() -> Iterator[str]:
    """libvirt's address; its daemons run."""
    subprocess.run([DAEMONS], check=True, stdout=subprocess.DEVNULL)
    _let_qemu_open_kvm()
    yield URI
    close_all()


def _let_qemu_open_kvm() -> None:
    """Do udev's work where there is none.

    While only root may open /dev/kvm, libvirt finds KVM when it probes QEMU but not when it looks again, and
    so probes anew in every call: minutes for each guest it defines.
    """
    if KVM.exists() and KVM.stat().st_gid != grp.getgrnam("kvm").gr_gid:
        shutil.chown(KVM, group="kvm")
        KVM.chmod(0o660)


@pytest.fixture(scope="session")
def storage_root() -> Iterator[Path]:
    """A folder that QEMU's user can reach, as pytest's own cannot be."""
    root = Path(tempfile.mkdtemp(prefix="meridian-test-"))
    root.chmod(0o755)
    guest_roots.add(str(root))
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def prefix() -> str:
    """What every name of this run begins with."""
    return f"mt{secrets.token_hex(3)}"


@pytest.fixture(scope="session")
def pool(uri: str, storage_root: Path, prefix: str) -> Iterator[DirectoryPool]:
    """An active pool with an image called "base", whose guests halt at once."""
    pool = DirectoryPool(uri, f"{prefix}-pool", storage_root / "pool")
    source = halting_image.write_qcow2(storage_root / "base.qcow2")
    try:
        pool.ensure()
        pool.import_file("base", source, "qcow2", lambda done, total: None)
        yield pool
    finally:
        handle = connect(uri).storagePoolLookupByName(pool.name)
        handle.destroy()
        handle.undefine()


def free_subnet() -> str:
    """A /24 of 10.200.0.0/16 that this machine has no route to."""
    routes = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True, check=True).stdout
    return next(
        f"10.200.{third}"
        for third in secrets.SystemRandom().sample(range(1, 255), 254)
        if f"10.200.{third}." not in routes
    )


def remove_network(network: Network) -> None:
    """Leave nothing of it."""
    for handle in connect(network.uri).listAllNetworks():
        if handle.name() == network.spec.name:
            if handle.isActive():
                handle.destroy()
            handle.undefine()


@pytest.fixture(scope="session")
def network(uri: str, storage_root: Path, prefix: str) -> Iterator[Network]:
    """An active NAT network."""
    subnet = free_subnet()
    spec = NetworkSpec(
        name=f"{prefix}-net",
        uuid=str(uuid.uuid4()),
        bridge=f"{prefix}br",
        cidr=f"{subnet}.0/24",
        gateway=f"{subnet}.1",
        dhcp_folder=storage_root / "dhcp",
    )
    network = Network(uri, spec)
    try:
        network.ensure()
        yield network
    finally:
        remove_network(network)


@pytest.fixture(scope="session")
def dhcp_client(network: Network, prefix: str) -> Iterator[DhcpClient]:
    """A cable into the network, on which any card can ask for an address."""
    ours, theirs = f"{prefix}c0", f"{prefix}c1"
    bridge = network.spec.bridge
    subprocess.run(["ip", "link", "add", ours, "type", "veth", "peer", "name", theirs], check=True)
    try:
        subprocess.run(["ip", "link", "set", theirs, "master", bridge, "up"], check=True)
        subprocess.run(["ip", "link", "set", ours, "up"], check=True)
        wait_until(lambda: Path(f"/sys/class/net/{ours}/operstate").read_text() == "up\n", "the cable")
        client = DhcpClient(ours)
        yield client
        client.close()
    finally:
        subprocess.run(["ip", "link", "del", ours], check=True)


@dataclass
class Workshop:
    """Makes specs of guests and sweeps up whatever became of them."""

    uri: str
    root: Path
    prefix: str
    pool: DirectoryPool
    made: list[GuestSpec] = dataclass_field(default_factory=list)

    def spec(
        self,
        *,
        image: str = "base",
        ports: tuple[PortSpec, ...] = (),
        seed: bytes | None = None,
        memory_mib: int = 64,
    ) -> GuestSpec:
        """A guest on a new overlay of 128 MiB over `image`."""
        identity = str(uuid.uuid4())
        self.pool.overlay(identity, image, 128 * MIB)
        disks = [
            DiskSpec(
                source=self.pool.source_of(identity),
                format="qcow2",
                target="vda",
                boot_order=1,
                backing=BackingSpec(source=self.pool.source_of(image), format="qcow2"),
            )
        ]
        if seed is not None:
            drive = self.pool.write(f"{identity}-seed", seed)
            disks.append(
                DiskSpec(
                    source=drive.source,
                    format="raw",
                    target="sda",
                    bus="scsi",
                    device="cdrom",
                    read_only=True,
                )
            )
        spec = GuestSpec(
            uuid=identity,
            name=f"{self.prefix}-{identity[:8]}",
            title="A guest of the tests",
            vcpus=1,
            memory_mib=memory_mib,
            virt_type="qemu",
            disks=tuple(disks),
            ports=ports,
            vnc_socket=self.root / "sockets" / f"{identity[:8]}.vnc",
            console_log=self.root / f"{identity[:8]}.log",
            tag=GuestTag(
                installation=self.prefix,
                instance=identity,
                project="tests",
                operation="define",
                order=1,
                fence=1,
            ),
        )
        self.made.append(spec)
        return spec

    def guest(self, **wishes: object) -> Guest:
        """A defined guest that is off."""
        return Guest.define(self.uri, self.spec(**wishes))  # type: ignore[arg-type]

    def sweep(self) -> None:
        """Remove every guest made, and its disks."""
        names = {spec.uuid for spec in self.made}
        for facts in list_guests(self.uri):
            if facts.uuid in names:
                guest = Guest(self.uri, facts.uuid)
                guest.destroy()
                guest.undefine()
        for spec in self.made:
            for name in (spec.uuid, f"{spec.uuid}-seed"):
                self.pool.delete(name)


def qemu_process(name: str) -> int:
    """The process of a running guest."""
    return int(Path(f"/run/libvirt/qemu/{name}.pid").read_text())


@pytest.fixture
def workshop(uri: str, storage_root: Path, prefix: str, pool: DirectoryPool) -> Iterator[Workshop]:
    """For guests of one test."""
    prepare_socket_folder(storage_root / "sockets", uri)
    workshop = Workshop(uri=uri, root=storage_root, prefix=prefix, pool=pool)
    try:
        yield workshop
    finally:
        workshop.sweep()


@pytest.fixture
def private_libvirtd(storage_root: Path) -> Iterator[PrivateLibvirtd]:
    """A daemon of the test's own, with libvirt's test hypervisor, to freeze or kill."""
    daemon = PrivateLibvirtd(storage_root)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture(scope="session")
def tiny_image() -> TinyImage:
    return tests.tiny_image.shared()


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind(uri: str, prefix: str) -> Iterator[None]:
    """The machine afterwards has nothing that carries our prefix."""
    yield
    connection = connect(uri)
    names = [
        *(domain.name() for domain in connection.listAllDomains()),
        *(pool.name() for pool in connection.listAllStoragePools()),
        *(network.name() for network in connection.listAllNetworks()),
        *os.listdir("/sys/class/net"),
    ]
    assert not [name for name in names if name.startswith(prefix)]
