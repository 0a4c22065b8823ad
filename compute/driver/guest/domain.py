"""Guests on a hypervisor: definition, power, tag, screen."""

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
from .power import describe
from .screenshot import check_png

_RECORDS = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)
# State outside disks: the firmware's variables (NVRAM) and the TPM's.
_DELETE_STATE = libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_TPM
_KEEP_STATE = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM
_COMPLETE = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
_TAP_NAME_BYTES = 15
_VIRTIO_SERIAL_BYTES = 20


class Guest:
    """A libvirt domain, looked up by its UUID for each call, so that it outlives a connection.

    Methods raise DriverError: GuestNotFound if there is no such guest, GuestBusy if its QEMU is stuck. `destroy`
    kills a stuck QEMU too, for which libvirt takes ten seconds.
    """

    def __init__(self, uri: str, uuid: str) -> None:
        self.uri, self.uuid = uri, uuid

    @classmethod
    def lookup(cls, uri: str, uuid: str) -> Self:
        """Return the guest with this UUID. Raise GuestNotFound."""
        guest = cls(uri, uuid)
        with translated(f"Looking for guest {uuid}"):
            guest._domain()
        return guest

    @classmethod
    def define(cls, uri: str, spec: GuestSpec) -> Self:
        """Define or redefine the guest of `spec.uuid`; a running one keeps its devices until it stops.

        Raise InvalidGuest, and Conflict if another guest has the name.
        """
        xml = guest_domain(spec).to_xml()
        with translated(f"Defining guest {spec.name}"):
            _check(spec)
            connect(uri).defineXML(xml)
        return cls(uri, spec.uuid)

    def is_defined_with(self, source: DiskSource) -> bool:
        """Return whether the next start has a disk at `source`."""
        attributes = set(Source.from_source(source).render().items())
        with translated(f"Reading guest {self.uuid}"):
            definition = etree.fromstring(self._domain().XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        return any(attributes <= set(each.items()) for each in definition.iterfind("devices/disk/source"))

    def start(self) -> None:
        """Start the guest. A running one is success; one that a start left paused is resumed."""
        with translated(f"Starting guest {self.uuid}"):
            domain = self._domain()
            try:
                domain.create()
            except libvirt.libvirtError:
                if not domain.isActive():
                    raise
                # libvirt starts a guest paused; if its daemon died in between, nothing has resumed it.
                if domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
                    domain.resume()

    @limited
    def shut_down(self) -> None:
        """Send an ACPI power button event, and do not wait for the guest. Off is success."""
        with translated(f"Shutting down guest {self.uuid}"):
            domain = self._domain()
            try:
                domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
            except libvirt.libvirtError as error:
                # A guest that is just ending counts as active for a moment, but gets no events any more.
                if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID and domain.isActive():
                    raise

    def destroy(self) -> None:
        """Power off at once, and delete saved memory. Off is success."""
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
        """Pause the vCPUs. Paused is success. Raise GuestNotRunning."""
        with translated(f"Pausing guest {self.uuid}"):
            domain = self._domain()
            if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
                domain.suspend()

    @limited
    def unpause(self) -> None:
        """Resume the vCPUs. Running is success. Raise GuestNotRunning."""
        with translated(f"Unpausing guest {self.uuid}"):
            domain = self._domain()
            if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
                domain.resume()

    def save(self) -> None:
        """Save the memory to disk and power off; `start` restores it. Saved is success.

        Raise StorageFull, and GuestNotRunning for a guest that is off without saved memory.
        """
        with translated(f"Saving guest {self.uuid}"):
            domain = self._domain()
            if domain.isActive() or not domain.hasManagedSaveImage():
                domain.managedSave(libvirt.VIR_DOMAIN_SAVE_RUNNING)

    @limited
    def reboot(self) -> None:
        """Reboot the guest by an ACPI event."""
        with translated(f"Rebooting guest {self.uuid}"):
            self._domain().reboot(libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)

    @limited
    def reset(self) -> None:
        """Reset the guest at once."""
        with translated(f"Resetting guest {self.uuid}"):
            self._domain().reset()

    def undefine(self, *, keep_state: bool = False) -> None:
        """Undefine the guest with its snapshots' metadata and saved memory. Undefined is success.

        `keep_state` keeps NVRAM and TPM state for the next definition. A running guest goes on, and is undefined when
        it stops.
        """
        try:
            with translated(f"Removing guest {self.uuid}"):
                self._domain().undefineFlags(_RECORDS | (_KEEP_STATE if keep_state else _DELETE_STATE))
        except GuestNotFound:
            return

    def facts(self) -> GuestFacts:
        """Return the guest's power state and tag."""
        with translated(f"Reading guest {self.uuid}"):
            domain = self._domain()
            return _facts(domain, *domain.state())

    def tag(self) -> GuestTag | None:
        """Return the guest's tag; None if it has none of ours."""
        with translated(f"Reading the tag of guest {self.uuid}"):
            return _tag(self._domain())

    def claim(self, tag: GuestTag, *, write: bool = True) -> None:
        """Write the operation's claim into the guest's tag. Raise GuestClaimed if the tag has a newer one.

        Without `write` only compare, which works even if the guest's QEMU is stuck.
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
        """Write the tag into the definition and the running guest."""
        xml = BareTagElement.from_tag(tag).to_xml()
        with translated(f"Tagging guest {self.uuid}"):
            domain = self._domain()
            flags = libvirt.VIR_DOMAIN_AFFECT_CONFIG
            if domain.isActive():
                flags |= libvirt.VIR_DOMAIN_AFFECT_LIVE
            domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, xml, PREFIX, NAMESPACE, flags)

    def delete_disk_snapshot(self, source: DiskSource, label: str) -> None:
        """Delete an internal snapshot of the disk at `source`, which the running guest has open.

        Other disks lose theirs of this label too, since libvirt deletes a snapshot of all disks. Raise GuestBusy.
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
        """Return the guest's screen as PNG. Raise GuestNotRunning, Unsupported, and GuestBusy after `seconds`."""
        return check_png(within(seconds, self.uri, self.uuid, self._take_screenshot))

    def _take_screenshot(self) -> bytes:
        image = bytearray()
        with translated(f"Taking a picture of guest {self.uuid}"):
            domain = self._domain()
            stream = connect(self.uri).newStream()
            domain.screenshot(stream, 0)
            stream.recvAll(lambda stream, data, opaque: image.extend(data), None)
            stream.finish()
        return bytes(image)

    def console(self) -> Console:
        """Open the serial console, which ends an earlier one. Raise GuestNotRunning."""
        return Console(self.uri, self.uuid)

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)


def list_guests(uri: str) -> list[GuestFacts]:
    """Return every guest of the hypervisor, running or not."""
    with translated(f"Listing the guests of hypervisor {uri}"):
        statistics = connect(uri).getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, 0)
        guests = [_facts_or_none(domain, numbers) for domain, numbers in statistics]
    return [facts for facts in guests if facts is not None]


def _facts_or_none(domain: libvirt.virDomain, numbers: dict[str, int]) -> GuestFacts | None:
    try:
        return _facts(domain, numbers["state.state"], numbers["state.reason"])
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None  # undefined since the list was read
        raise


def _facts(domain: libvirt.virDomain, state: int, reason: int) -> GuestFacts:
    power, reason_name = describe(state, reason)
    return GuestFacts(
        uuid=domain.UUIDString(), name=domain.name(), power=power, reason=reason_name, tag=_tag(domain)
    )


def _tag(domain: libvirt.virDomain) -> GuestTag | None:
    """Return the tag in the persistent definition; a running guest has the same."""
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
        if disk.format == "qcow2" and disk.source and disk.backing is None and _has_backing_file(disk.source):
            raise InvalidGuest(
                f"Disk {disk.target} of guest {spec.name} lies over another image, which `backing` does not "
                "name: the guest would see an empty disk."
            )


def _has_backing_file(source: DiskSource) -> bool:
    if isinstance(source, NetworkSource):
        return False
    path = Path(disk_label(source))
    return path.exists() and has_backing_file(path)
