"""A guest's machine, from what its flavor and its image say of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.driver.specs.hardware import (
    Bandwidth,
    CpuLimits,
    DiskLimits,
    HardwareSpec,
    Tpm,
)
from compute.hosts.models import Hypervisor
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.instances.services import hardware_options, topology
from compute.instances.services.hardware_options import DISK_LIMITS, PROPERTIES, VIF_LIMITS

UEFI, SECURE_BOOT, TPM = "uefi", "secure_boot", "tpm"
"""What not every host can give a guest."""


def options(flavor: Flavor, image: Image) -> dict[str, dict[str, str]]:
    """What an instance keeps of both, so that a change of them changes no guest."""
    return {"flavor": dict(flavor.extra_specs), "image": image_options(image)}


def image_options(image: Image) -> dict[str, str]:
    """An image's properties that are about the guest."""
    return {name: value for name, value in image.properties.items() if name in PROPERTIES}


def options_after_resize(instance: Instance, flavor: Flavor) -> dict[str, dict[str, str]]:
    """What the instance keeps once it has another flavor."""
    return {"image": {}} | instance.hardware | {"flavor": dict(flavor.extra_specs)}


def options_after_rebuild(instance: Instance, image: Image) -> dict[str, dict[str, str]]:
    """What the instance keeps once it is made anew from an image."""
    return {"flavor": {}} | instance.hardware | {"image": image_options(image)}


def spec_of(instance: Instance) -> HardwareSpec:
    """The machine of an instance, by what it keeps."""
    return resolve(instance.hardware.get("flavor", {}), instance.hardware.get("image", {}), instance.vcpus)


def grace(instance: Instance) -> timedelta:
    """How long the guest may take to shut down or restart before it is forced: its image may ask for a time."""
    wish = hardware_options.read({}, instance.hardware.get("image", {}))
    return timedelta(seconds=wish.get("shutdown_timeout", settings.STOP_GRACE_SECONDS))


def refusal(specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int) -> str:
    """Why there can be no such machine, naming the extra spec or property; empty when there can."""
    try:
        resolve(specs, properties, vcpus)
    except BadInput as error:
        return str(error.text)
    return ""


def image_refusal(image: Image) -> str:
    """Which property no flavor can make good, and why; empty when there is none."""
    try:
        hardware_options.read({}, image.properties)
    except BadInput as error:
        return str(error.text)
    return ""


def resolve(specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int) -> HardwareSpec:
    """The machine that extra specs and image properties describe. Raise BadInput naming what is wrong."""
    wish = hardware_options.read(specs, properties)
    firmware, machine = wish.get("firmware", "bios"), wish.get("machine", "q35")
    disk_bus = wish.get("disk_bus", "virtio")
    watchdog = wish.get("watchdog_action")
    return HardwareSpec(
        machine=machine,
        firmware=firmware,
        secure_boot=_secure_boot(wish.get("secure_boot"), firmware, machine),
        tpm=_tpm(wish.get("tpm_version"), wish.get("tpm_model")),
        topology=topology.choose(specs, properties, vcpus),
        disk_bus=disk_bus,
        # A system without a driver for virtio's disks has none for its CD-ROMs either.
        cdrom_bus=wish.get("cdrom_bus", "sata" if disk_bus == "sata" else "scsi"),
        vif_model=wish.get("vif_model", "virtio"),
        video_model=wish.get("video_model", "vga"),
        tablet=wish.get("pointer_model", "usbtablet") == "usbtablet",
        input_bus=wish.get("input_bus", "usb"),
        watchdog=None if watchdog == "disabled" else watchdog,
        random=wish.get("rng_allowed", True),
        random_bytes=wish.get("rng_bytes"),
        random_period=wish.get("rng_period"),
        guest_agent=wish.get("guest_agent", True),
        boot_menu=wish.get("boot_menu", False),
        cpu_limits=_cpu_limits(wish),
        disk_limits=_disk_limits(wish),
        inbound=_bandwidth(wish, "inbound"),
        outbound=_bandwidth(wish, "outbound"),
    )


def rebuild_refusal(instance: Instance, image: Image) -> str:
    """Why the instance cannot be made anew from the image, as far as its machine goes; empty when it can."""
    after = options_after_rebuild(instance, image)
    if reason := refusal(after["flavor"], after["image"], instance.vcpus):
        return reason
    hypervisor = instance.hypervisor
    missing = hypervisor and missing_features(
        resolve(after["flavor"], after["image"], instance.vcpus), hypervisor
    )
    return _("%(host)s cannot give it %(what)s.") % {"host": hypervisor, "what": missing} if missing else ""


def required_features(spec: HardwareSpec) -> set[str]:
    """What the host must be able to give the guest."""
    wanted = {UEFI: spec.firmware == "uefi", SECURE_BOOT: spec.secure_boot, TPM: spec.tpm is not None}
    return {name for name, is_wanted in wanted.items() if is_wanted}


def feature_labels() -> dict[str, str]:
    """What such features are called."""
    return {UEFI: _("UEFI firmware"), SECURE_BOOT: _("secure boot"), TPM: _("an emulated TPM")}


def missing_features(spec: HardwareSpec, hypervisor: Hypervisor) -> str:
    """What the machine needs and the hypervisor cannot give, for a person; empty when there is nothing."""
    missing = required_features(spec) - set(hypervisor.features)
    return ", ".join(label for name, label in feature_labels().items() if name in missing)


def hosts_refusal(specs: Mapping[str, str], properties: Mapping[str, str]) -> str:
    """Why no hypervisor can give such a machine; empty when one can. Costs a query only where it must ask."""
    spec = resolve(specs, properties, 1)
    if not required_features(spec):
        return ""
    found = [missing_features(spec, hypervisor) for hypervisor in Hypervisor.objects.all()]
    if not found or "" in found:
        return ""
    return _("No host can give it %(what)s. An administrator sees in the health check what to install.") % {
        "what": min(found, key=len)
    }


def _secure_boot(wish: str | None, firmware: str, machine: str) -> bool:
    possible = firmware == "uefi" and machine == "q35"
    if wish == "required" and not possible:
        raise BadInput(
            _("os_secure_boot=required needs an image with hw_firmware_type=uefi and hw_machine_type=q35.")
        )
    return possible and wish in {"required", "optional"}


def _tpm(version: Any, model: Any) -> Tpm | None:
    if version is None and model is None:
        return None
    if version is None:
        raise BadInput(_("hw_tpm_model needs hw_tpm_version beside it."))
    if (version, model) == ("1.2", "tpm-crb"):
        raise BadInput(_("hw_tpm_model=tpm-crb needs hw_tpm_version=2.0."))
    return Tpm(version=version, model=model or "tpm-tis")


def _cpu_limits(wish: Mapping[str, Any]) -> CpuLimits | None:
    given = {name: wish[f"cpu_{name}"] for name in ("shares", "period", "quota") if f"cpu_{name}" in wish}
    return CpuLimits(**given) if given else None


def _disk_limits(wish: Mapping[str, Any]) -> DiskLimits | None:
    given = {name: wish[name] for name in DISK_LIMITS if wish.get(name)}
    for unit in ("bytes", "iops"):
        if f"total_{unit}_sec" in given and given.keys() & {f"read_{unit}_sec", f"write_{unit}_sec"}:
            raise BadInput(
                _("quota:disk_total_%(unit)s_sec excludes a limit on reading or writing alone.")
                % {"unit": unit}
            )
    return DiskLimits(**given) if given else None


def _bandwidth(wish: Mapping[str, Any], way: str) -> Bandwidth | None:
    names = [name for name in VIF_LIMITS if name.startswith(way)]
    given = {name.removeprefix(f"{way}_"): wish[name] for name in names if wish.get(name)}
    if given and "average" not in given:
        raise BadInput(_("quota:vif_%(way)s_peak and _burst need _average beside them.") % {"way": way})
    return Bandwidth(**given) if given else None
