"""Guests of instances: their driver handles, and the paths of their files."""

from pathlib import Path

from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.driver.errors import GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.guest.hotplug import Hotplug
from compute.driver.specs import PowerState
from compute.hosts.models import Hypervisor
from compute.hosts.services.hosts import CONSOLE_LOGS, FIRMWARE, SOCKETS
from compute.instances.models import Instance


def host_of(instance: Instance) -> Hypervisor:
    """Return the instance's host. Raise Conflict if it has none."""
    if instance.hypervisor is None:
        raise Conflict(_("This instance never found a host. Delete it and launch it again."))
    return instance.hypervisor


def guest(instance: Instance) -> Guest:
    """Return the driver's handle of the instance's guest. Raise Conflict if it has no hypervisor."""
    return Guest(uri(instance), str(instance.pk))


def is_running(instance: Instance) -> bool:
    """Return whether the guest has a QEMU process, running or paused."""
    try:
        return guest(instance).facts().power not in {PowerState.SHUT_OFF, PowerState.CRASHED}
    except GuestNotFound:
        return False


def growth(instance: Instance) -> Hotplug:
    """Return the driver's handle for growing the running guest. Raise Conflict if it has no hypervisor."""
    return Hotplug(uri(instance), str(instance.pk))


def uri(instance: Instance) -> str:
    """Return the libvirt URI of the instance's hypervisor. Raise Conflict if it has none."""
    return host_of(instance).uri


def vnc_socket(instance: Instance) -> Path:
    """Return the path of the guest's VNC socket, short since paths of sockets may have 107 bytes."""
    return Path(SOCKETS / f"{instance.pk.hex}.vnc")


def nvram(instance: Instance) -> Path:
    """Return the path of the variables of the guest's UEFI firmware."""
    return Path(FIRMWARE / f"{instance.pk}.fd")


def console_log(instance: Instance) -> Path:
    """Return the path of the guest's console log."""
    return Path(CONSOLE_LOGS / f"{instance.pk}.log")
