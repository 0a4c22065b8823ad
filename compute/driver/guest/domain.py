"""A guest on its hypervisor: define, power, look at, undefine."""

from pathlib import Path
from typing import Self

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import GuestBusy, GuestClaimed, GuestNotFound, InvalidGuest, translated
from ..limited import QEMU_SECONDS, limited, within
from ..specs import GuestFacts, GuestSpec, GuestTag
from ..specs.sources import DiskSource, NetworkSource
from ..specs.sources import label as disk_label
from ..storage.qcow2 import has_backing_file
from ..xml.disks import Source
from ..xml.guest import guest_domain
from ..xml.snapshot import snapshot_record
from ..xml.tag import NAMESPACE, PREFIX, BareTagElement, parse_tag
from .console import Console
from .picture import checked_png
from .power import describe

_RECORDS = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)
# What the machine itself remembers: the firmware's variables and the secrets of its TPM.
_DELETE_STATE = libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_TPM
_KEEP_STATE = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM
_COMPLETE = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
_TAP_NAME_BYTES = 15
_VIRTIO_SERIAL_BYTES = 20


class Guest:
    """One libvirt domain, named by its uuid and looked up for each call, so that it outlives a connection.

    Methods raise DriverError: GuestNotFound when the guest is gone, GuestBusy when its QEMU is stuck. `destroy`
    ends a stuck one too, for which libvirt takes ten seconds.
    """

    def __init__(self, uri: str, uuid: str) -> None:
        self.uri, self.uuid = uri, uuid

    @classmethod
    def lookup(cls, uri: str, uuid: str) -> Self:
        """The guest with this uuid. Raises GuestNotFound."""
        guest = cls(uri, uuid)
        with translated(f"Looking for guest {uuid}"):
            guest._domain()
        return guest

    @classmethod
    def define(cls, uri: str, spec: GuestSpec) -> Self:
        """Define or redefine the guest of `spec.uuid`; a running one keeps its devices until it stops.

        Raises InvalidGuest, and Conflict when another guest has the name.
        """
        xml = guest_domain(spec).to_xml()
        with translated(f"Defining guest {spec.name}"):
            _check(spec)
            connect(uri).defineXML(xml)
        return cls(uri, spec.uuid)

    def start(self) -> None:
        """Power on; one that runs already is left alone, one that was left half started goes on."""
        with translated(f"Starting guest {self.uuid}"):
            domain = self._domain()
            try:
                domain.create()
            except libvirt.libvirtError:
                if not domain.isActive():
                    raise
                # libvirt starts a guest paused; if its daemon died in between, nobody let it go.
                if domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
                    domain.resume()

    @limited
    def shut_down(self) -> None:
        """Press the power button (ACPI); returns at once, the guest decides. Already off is success."""
        with translated(f"Shutting down guest {self.uuid}"):
            domain = self._domain()
            try:
                domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
            except libvirt.libvirtError as error:
                # One that is just ending counts as active for a moment, but hears no button any more.
                if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID and domain.isActive():
                    raise

    def destroy(self) -> None:
        """Pull the plug and forget what was saved of its memory; already off is success."""
        with translated(f"Powering off guest {self.uuid}"):
            domain = self._domain()
            try:
                domain.destroy()
            except libvirt.libvirtError:
                if domain.isActive():
                    raise
            if domain.hasManagedSaveImage():
                domain.managedSaveRemove()

    @limited
    def pause(self) -> None:
        """Stop its vCPUs, keep its memory; already paused is success. Raise GuestNotRunning."""
        with translated(f"Pausing guest {self.uuid}"):
            domain = self._domain()
            if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
                domain.suspend()

    @limited
    def unpause(self) -> None:
        """Let its vCPUs run; already running is success. Raise GuestNotRunning."""
        with translated(f"Unpausing guest {self.uuid}"):
            domain = self._domain()
            if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
                domain.resume()

    def save(self) -> None:
        """Write its memory to disk and power off; `start` goes on from there. Already saved is success.

        Raises GuestNotRunning for one that is off with nothing saved, StorageFull.
        """
        with translated(f"Saving guest {self.uuid}"):
            domain = self._domain()
            if domain.isActive() or not domain.hasManagedSaveImage():
                domain.managedSave(libvirt.VIR_DOMAIN_SAVE_RUNNING)

    @limited
    def reboot(self) -> None:
        """Ask the guest to restart (ACPI)."""
        with translated(f"Rebooting guest {self.uuid}"):
            self._domain().reboot(libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)

    @limited
    def reset(self) -> None:
        """Press the reset button."""
        with translated(f"Resetting guest {self.uuid}"):
            self._domain().reset()

    def undefine(self, *, keep_state: bool = False) -> None:
        """Forget the guest with its snapshots' metadata and saved memory; already gone is success.

        `keep_state` leaves the firmware's variables and the TPM's state for whoever defines it again. A running
        guest runs on and is forgotten when it stops.
        """
        try:
            with translated(f"Removing guest {self.uuid}"):
                self._domain().undefineFlags(_RECORDS | (_KEEP_STATE if keep_state else _DELETE_STATE))
        except GuestNotFound:
            return

    def facts(self) -> GuestFacts:
        """What the guest is doing and whose it is."""
        with translated(f"Reading guest {self.uuid}"):
            domain = self._domain()
            return _facts(domain, *domain.state())

    def tag(self) -> GuestTag | None:
        """Whose the guest is; None when it is not ours."""
        with translated(f"Reading the tag of guest {self.uuid}"):
            return _tag(self._domain())

    def claim(self, tag: GuestTag, *, write: bool = True) -> None:
        """Say in the guest's tag who works on it. Raise GuestClaimed when a newer claim is written there.

        Without `write` it only looks, which also a guest whose QEMU is stuck allows.
        """
        present = self.tag()
        if present is None or present.installation != tag.installation:
            return
        if (present.order, present.fence) > (tag.order, tag.fence):
            raise GuestClaimed(
                f"Guest {self.uuid} is in the hands of operation {present.operation}, not of {tag.operation}."
            )
        if write and present != tag:
            self.set_tag(tag)

    def set_tag(self, tag: GuestTag) -> None:
        """Write the tag, in the definition and in the running guest."""
        xml = BareTagElement.from_tag(tag).to_xml()
        with translated(f"Tagging guest {self.uuid}"):
            domain = self._domain()
            flags = libvirt.VIR_DOMAIN_AFFECT_CONFIG
            if domain.isActive():
                flags |= libvirt.VIR_DOMAIN_AFFECT_LIVE
            domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, xml, PREFIX, NAMESPACE, flags)

    def delete_disk_snapshot(self, source: DiskSource, label: str) -> None:
        """Delete a snapshot inside the disk that lies at `source`, which the running guest has open.

        Its other disks lose theirs of this label too: libvirt and QEMU know a guest's snapshot of all its disks only.
        """
        attributes = dict(Source.from_source(source).render().items())
        with translated(f"Deleting a snapshot of guest {self.uuid}"):
            domain = self._domain()
            definition = etree.fromstring(domain.XMLDesc(_COMPLETE))
            disks = definition.findall("devices/disk")
            sources = [element for disk in disks if (element := disk.find("source")) is not None]
            if not any(attributes.items() <= dict(element.items()).items() for element in sources):
                raise GuestBusy(f"Something else than guest {self.uuid} has {disk_label(source)} open.")
            targets = [str(disk.xpath("string(target/@dev)")) for disk in disks]
            written = {
                target for target, disk in zip(targets, disks, strict=True) if disk.find("readonly") is None
            }
            record = snapshot_record(label, targets, written).render()
            record.append(definition)
            xml = etree.tostring(record, encoding="unicode")
            domain.snapshotCreateXML(xml, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE).delete()

    def screenshot(self, seconds: float = QEMU_SECONDS) -> bytes:
        """Return the guest's screen as PNG. Raise GuestNotRunning, Unsupported, GuestBusy after `seconds`."""
        return checked_png(within(seconds, self.uri, self.uuid, self._screen))

    def _screen(self) -> bytes:
        picture = bytearray()
        with translated(f"Taking a picture of guest {self.uuid}"):
            domain = self._domain()
            stream = connect(self.uri).newStream()
            domain.screenshot(stream, 0)
            stream.recvAll(lambda stream, data, opaque: picture.extend(data), None)
            stream.finish()
        return bytes(picture)

    def console(self) -> Console:
        """Open the serial console, taking it over from whoever had it. Raises GuestNotRunning."""
        return Console(self.uri, self.uuid)

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)


def list_guests(uri: str) -> list[GuestFacts]:
    """Every guest of the hypervisor, running or not."""
    with translated(f"Listing the guests of hypervisor {uri}"):
        statistics = connect(uri).getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, 0)
        guests = [_facts_or_none(domain, numbers) for domain, numbers in statistics]
    return [facts for facts in guests if facts is not None]


def _facts_or_none(domain: libvirt.virDomain, numbers: dict[str, int]) -> GuestFacts | None:
    try:
        return _facts(domain, numbers["state.state"], numbers["state.reason"])
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None  # it went away while we read the others
        raise


def _facts(domain: libvirt.virDomain, state: int, reason: int) -> GuestFacts:
    power, reason_name = describe(state, reason)
    return GuestFacts(
        uuid=domain.UUIDString(), name=domain.name(), power=power, reason=reason_name, tag=_tag(domain)
    )


def _tag(domain: libvirt.virDomain) -> GuestTag | None:
    """The tag in the definition, which lasts; a running guest has the same."""
    try:
        return parse_tag(domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE, 0))
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None
        raise


def _check(spec: GuestSpec) -> None:
    for port in spec.ports:
        if len(port.tap_name.encode()) > _TAP_NAME_BYTES:
            raise InvalidGuest(
                f"Port {port.id} of guest {spec.name} wants the interface name {port.tap_name}, "
                f"which is longer than the {_TAP_NAME_BYTES} bytes that Linux allows."
            )
    for disk in spec.disks:
        if disk.bus == "virtio" and disk.serial and len(disk.serial.encode()) > _VIRTIO_SERIAL_BYTES:
            raise InvalidGuest(
                f"Disk {disk.target} of guest {spec.name} has the serial {disk.serial}, "
                f"of which the guest would see {_VIRTIO_SERIAL_BYTES} characters only."
            )
        if disk.format == "qcow2" and disk.backing is None and _has_backing_file(disk.source):
            raise InvalidGuest(
                f"Disk {disk.target} of guest {spec.name} lies over another image, which `backing` does not "
                "name: the guest would see an empty disk."
            )


def _has_backing_file(source: DiskSource) -> bool:
    if isinstance(source, NetworkSource):
        return False
    path = Path(disk_label(source))
    return path.exists() and has_backing_file(path)
