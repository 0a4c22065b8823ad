"""Room to grow: how much of it machines keep, and what fits into that of a running one.

A machine is defined with places for more processors and memory than it has, because QEMU makes none later. The
figures are of a Linux 6.1 guest: a place for a processor costs it a quarter of a MiB; places for memory
cost 64 MiB once, since Linux then sets a buffer aside for devices that cannot reach far.
"""

from django.utils.translation import gettext as _

from compute.driver.specs import HeadroomSpec
from compute.driver.specs.hardware import HardwareSpec
from compute.engine.services import transitions
from compute.instances.models import Flavor, Instance
from compute.instances.services import guests

TIMES = 4
"""A machine can grow to so many times what it started with."""

MOST_VCPUS = 64
MOST_RAM_MIB = 512 * 1024
"""Beyond it processors with 40 bits for addresses, as QEMU's are, could not start."""

LEAST_RAM_MIB = 1024
"""With less, 64 MiB are too much to give up for what may never be used."""

SLOTS = 8
STEP_MIB = 128
"""Linux takes memory in blocks of this size, and no part of one."""


def kept(instance: Instance, machine: HardwareSpec) -> HeadroomSpec:
    """What the instance's machine is defined with.

    An arrangement of processors that somebody asked for counts what is there, and firmware with secure boot
    watches over processors: such machines have all of theirs from the start.
    """
    vcpus, ram_mib = instance.vcpus, instance.ram_mib
    if machine.topology is None and not machine.secure_boot:
        vcpus = max(vcpus, min(vcpus * TIMES, MOST_VCPUS))
    if ram_mib >= LEAST_RAM_MIB:
        ram_mib = max(ram_mib, min(ram_mib * TIMES, MOST_RAM_MIB))
    return HeadroomSpec(vcpus=vcpus, memory_mib=ram_mib, slots=SLOTS if ram_mib > instance.ram_mib else 0)


def note(instance: Instance) -> None:
    """Write down how far the running guest can grow, so that nobody has to ask its host."""
    facts = guests.growth(instance).headroom()
    room = {"vcpus": facts.vcpus, "ram_mib": facts.memory_mib, "slots": facts.slots}
    transitions.change(instance, room=room)


def unknown(instance: Instance) -> str:
    """Why nothing is known of the instance's room; empty when it is."""
    return (
        "" if instance.room else _("It has not been started by us since it last was off. Stop and start it.")
    )


def refusal(instance: Instance, flavor: Flavor) -> str:
    """Why the running guest has no room for the flavor; empty when it has. Costs no query."""
    if reason := unknown(instance):
        return reason
    room, more_mib = instance.room or {}, flavor.ram_mib - instance.ram_mib
    if flavor.vcpus < instance.vcpus or more_mib < 0:
        return _("It is smaller, and nothing can be taken from a machine while it runs.")
    if flavor.vcpus > room["vcpus"]:
        return _("While it runs it has room for %(most)s vCPUs.") % {"most": room["vcpus"]}
    if not more_mib:
        return ""
    if flavor.ram_mib > room["ram_mib"]:
        return _("While it runs it has room for %(most)s MiB of memory.") % {"most": room["ram_mib"]}
    if more_mib % STEP_MIB:
        return _("While it runs its memory grows in steps of %(step)s MiB.") % {"step": STEP_MIB}
    if not room["slots"]:
        return _("Its slots for memory are full. They are free again once it was stopped and started.")
    return ""
