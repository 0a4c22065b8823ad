"""From instances to the driver: handles of guests, and where their files are."""

from pathlib import Path

from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.driver.guest.domain import Guest
from compute.driver.guest.hotplug import Hotplug
from compute.hosts.models import Hypervisor
from compute.hosts.services.hosts import CONSOLE_LOGS, FIRMWARE, SOCKETS
from compute.instances.models import Instance


def host_of(instance: Instance) -> Hypervisor:
    """Return the instance's host. Raise Conflict when it has none."""
    if instance.hypervisor is None:
        raise Conflict(_("This instance never found a host. Delete it and launch it again."))
    return instance.hypervisor


def guest(instance: Instance) -> Guest:
    """The guest behind the instance. Raises Conflict when it has no hypervisor."""
    return Guest(uri(instance), str(instance.pk))


def growth(instance: Instance) -> Hotplug:
    """The running guest behind the instance, to be given more. Raises Conflict when it has no hypervisor."""
    return Hotplug(uri(instance), str(instance.pk))


def uri(instance: Instance) -> str:
    """The libvirt address of the instance's hypervisor. Raises Conflict when it has none."""
    return host_of(instance).uri


def vnc_socket(instance: Instance) -> Path:
    """Where the guest's screen listens; paths of sockets may have 107 bytes, so the name is short."""
    return Path(SOCKETS / f"{instance.pk.hex}.vnc")


def nvram(instance: Instance) -> Path:
    """Where the guest's UEFI firmware keeps its variables."""
    return Path(FIRMWARE / f"{instance.pk}.fd")


def console_log(instance: Instance) -> Path:
    """What the guest wrote to its serial port."""
    return Path(CONSOLE_LOGS / f"{instance.pk}.log")
