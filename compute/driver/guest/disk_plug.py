"""Plug disks into a running guest, and unplug them."""

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import translated
from ..limited import limited
from ..specs import DiskSpec
from ..specs.hardware import DiskLimits
from ..specs.sources import DiskSource
from ..specs.sources import label as disk_label
from ..xml.disks import Disk, Source

_LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE


class DiskPlug:
    """The disks of one running guest; its definition stays. Methods raise GuestNotRunning and other DriverErrors."""

    def __init__(self, uri: str, uuid: str) -> None:
        self.uri, self.uuid = uri, uuid

    def has(self, source: DiskSource) -> bool:
        """Return whether the running guest has the disk at `source`, also while it is being unplugged."""
        return self._element(source) is not None

    @limited
    def plug(self, spec: DiskSpec, limits: DiskLimits | None) -> None:
        """Plug a disk in. A plugged one is success."""
        if spec.source is not None and self.has(spec.source):
            return
        with translated(f"Attaching {spec.target} to guest {self.uuid}"):
            self._domain().attachDeviceFlags(Disk.from_spec(spec, limits).to_xml(), _LIVE)

    @limited
    def change_media(self, spec: DiskSpec) -> None:
        """Put the medium of the spec into its drive, or none. A medium that the guest has locked is taken out anyway."""
        with translated(f"Changing the medium in {spec.target} of guest {self.uuid}"):
            flags = _LIVE | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE
            self._domain().updateDeviceFlags(Disk.from_spec(spec).to_xml(), flags)

    @limited
    def request_unplug(self, source: DiskSource) -> None:
        """Ask the guest to release a disk, for which libvirt waits five seconds. An unplugged one is success.

        The guest may refuse or never answer; `has` tells whether it has released the disk.
        """
        element = self._element(source)
        if element is None:
            return
        with translated(f"Detaching {disk_label(source)} from guest {self.uuid}"):
            try:
                self._domain().detachDeviceFlags(etree.tostring(element, encoding="unicode"), _LIVE)
            except libvirt.libvirtError as error:
                # It was released just now, or is about to be by an earlier request.
                if error.get_error_code() not in {
                    libvirt.VIR_ERR_DEVICE_MISSING,
                    libvirt.VIR_ERR_OPERATION_FAILED,
                }:
                    raise

    def _element(self, source: DiskSource) -> etree._Element | None:
        attributes = set(Source.from_source(source).render().items())
        with translated(f"Reading guest {self.uuid}"):
            domain = self._domain()
            if not domain.isActive():
                return None
            definition = etree.fromstring(domain.XMLDesc())
        for disk in definition.iterfind("devices/disk"):
            element = disk.find("source")
            if element is not None and attributes <= set(element.items()):
                return disk
        return None

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)
