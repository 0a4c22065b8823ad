"""Headroom: the vCPUs and memory to which a guest can grow while it runs.

A machine is defined with slots for more vCPUs and memory than it has, because QEMU adds none later. Measured with
Linux 6.1, a vCPU slot costs the guest a quarter of a MiB. Memory slots cost 64 MiB once, since Linux then
reserves a bounce buffer for devices with short addresses.
"""

from django.utils.translation import gettext as _

from compute.driver.specs import HeadroomSpec
from compute.driver.specs.hardware import HardwareSpec
from compute.engine.services import transitions
from compute.instances.models import Flavor, Instance
from compute.instances.services import guests, hardware

GROWTH_FACTOR = 4
"""A machine can grow to this multiple of its vCPUs and memory at start."""

MOST_VCPUS = 64
MOST_RAM_MIB = 512 * 1024
"""QEMU's default CPU has 40 address bits; machines with more memory than this would not start."""

LEAST_RAM_MIB = 1024
"""Smaller guests get no memory slots, whose 64 MiB would cost them too much."""

SLOTS = 8
STEP_MIB = 128
"""Linux takes memory in blocks of this size, and no part of one."""


def plan(instance: Instance, machine: HardwareSpec) -> HeadroomSpec:
    """Return the maximum of vCPUs and memory with which the instance's machine is defined.

    Machines with an explicit CPU topology or with secure boot get no further vCPUs. A topology counts the vCPUs
    present, and firmware with secure boot watches over them.
    """
    vcpus, ram_mib = instance.vcpus, instance.ram_mib
    if machine.topology is None and not machine.secure_boot:
        vcpus = max(vcpus, min(vcpus * GROWTH_FACTOR, MOST_VCPUS))
    if ram_mib >= LEAST_RAM_MIB:
        ram_mib = max(ram_mib, min(ram_mib * GROWTH_FACTOR, MOST_RAM_MIB))
    return HeadroomSpec(vcpus=vcpus, memory_mib=ram_mib, slots=SLOTS if ram_mib > instance.ram_mib else 0)


def record(instance: Instance) -> None:
    """Save how far the running guest can grow in its instance's row, from the guest itself."""
    facts = guests.growth(instance).headroom()
    _save(instance, vcpus=facts.vcpus, ram_mib=facts.memory_mib, slots=facts.slots)


def record_planned(instance: Instance) -> None:
    """Save how far a guest can grow that was defined as planned and has just started. Asks nothing of the host."""
    planned = plan(instance, hardware.spec_of(instance))
    _save(instance, vcpus=planned.vcpus, ram_mib=planned.memory_mib, slots=planned.slots)


def _save(instance: Instance, **headroom: int) -> None:
    transitions.change(instance, headroom=headroom)


def unknown_reason(instance: Instance) -> str:
    """Return why the instance's headroom is unknown; empty if it is known."""
    if instance.headroom:
        return ""
    return _("It has not been started by us since it last was off. Stop and start it.")


def refusal(instance: Instance, flavor: Flavor) -> str:
    """Return why the running guest cannot grow to the flavor; empty if it can. Costs no query."""
    if reason := unknown_reason(instance):
        return reason
    headroom, added_mib = instance.headroom or {}, flavor.ram_mib - instance.ram_mib
    if flavor.vcpus < instance.vcpus or added_mib < 0:
        return _("It is smaller, and nothing can be taken from a machine while it runs.")
    if flavor.vcpus > headroom["vcpus"]:
        return _("Can grow to %(most)s vCPUs while running.") % {"most": headroom["vcpus"]}
    if not added_mib:
        return ""
    if flavor.ram_mib > headroom["ram_mib"]:
        return _("Can grow to %(most)s MiB of memory while running.") % {"most": headroom["ram_mib"]}
    if added_mib % STEP_MIB:
        return _("While it runs its memory grows in steps of %(step)s MiB.") % {"step": STEP_MIB}
    if not headroom["slots"]:
        return _("Its slots for memory are full. They are free again once it was stopped and started.")
    return ""
