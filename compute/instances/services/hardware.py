"""Hardware of guests, from the machine options of their flavors and images."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.driver.specs.hardware import (
    DISK_LIMITS,
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
from compute.instances.services.hardware_options import PROPERTIES, VIF_LIMITS

UEFI, SECURE_BOOT, TPM = "uefi", "secure_boot", "tpm"
"""Features that not every host can give a guest."""


def options(flavor: Flavor, properties: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the machine options of a flavor and of an image's properties.

    An instance copies them, so that changes of either affect no guest.
    """
    return {"flavor": dict(flavor.extra_specs), "image": image_options(properties)}


def image_options(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of an image that are machine options."""
    return {name: value for name, value in properties.items() if name in PROPERTIES}


def options_after_resize(instance: Instance, flavor: Flavor) -> dict[str, dict[str, str]]:
    """Return the machine options of the instance with another flavor."""
    return {"image": {}} | instance.hardware | {"flavor": dict(flavor.extra_specs)}


def options_after_rebuild(instance: Instance, image: Image) -> dict[str, dict[str, str]]:
    """Return the machine options of the instance rebuilt from an image."""
    return {"flavor": {}} | instance.hardware | {"image": image_options(image.properties)}


def spec_of(instance: Instance) -> HardwareSpec:
    """Return the hardware of an instance, by its copied machine options. Raise BadInput."""
    return resolve(instance.hardware.get("flavor", {}), instance.hardware.get("image", {}), instance.vcpus)


def values_of(instance: Instance) -> dict[str, Any]:
    """Return {option's name: value} of the instance's copied machine options. Raise BadInput."""
    return hardware_options.read(instance.hardware.get("flavor", {}), instance.hardware.get("image", {}))


def grace(instance: Instance) -> timedelta:
    """Return how long the guest may take to shut down, by its image or the settings."""
    values = hardware_options.read({}, instance.hardware.get("image", {}))
    return timedelta(seconds=values.get("shutdown_timeout", settings.STOP_GRACE_SECONDS))


def refusal(specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int) -> str:
    """Return why such hardware is impossible, naming the extra spec or property; empty if it is possible."""
    try:
        resolve(specs, properties, vcpus)
    except BadInput as error:
        return str(error.text)
    return ""


def properties_refusal(properties: Mapping[str, str]) -> str:
    """Return why an image's properties are wrong with any flavor; empty if they are not."""
    try:
        hardware_options.read({}, properties)
    except BadInput as error:
        return str(error.text)
    return ""


def resolve(specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int) -> HardwareSpec:
    """Return the hardware that extra specs and image properties describe. Raise BadInput."""
    values = hardware_options.read(specs, properties)
    firmware, machine = values.get("firmware", "bios"), values.get("machine", "q35")
    disk_bus = values.get("disk_bus", "virtio")
    watchdog = values.get("watchdog_action")
    return HardwareSpec(
        machine=machine,
        firmware=firmware,
        secure_boot=_secure_boot(values.get("secure_boot"), firmware, machine),
        tpm=_tpm(values.get("tpm_version"), values.get("tpm_model")),
        topology=topology.choose(specs, properties, vcpus),
        disk_bus=disk_bus,
        # A guest system without a driver for virtio disks has none for virtio CD-ROMs either.
        cdrom_bus=values.get("cdrom_bus", "sata" if disk_bus == "sata" else "scsi"),
        vif_model=values.get("vif_model", "virtio"),
        video_model=values.get("video_model", "vga"),
        tablet=values.get("pointer_model", "usbtablet") == "usbtablet",
        input_bus=values.get("input_bus", "usb"),
        watchdog=None if watchdog == "disabled" else watchdog,
        random=values.get("rng_allowed", True),
        random_bytes=values.get("rng_bytes"),
        random_period=values.get("rng_period"),
        guest_agent=values.get("guest_agent", True),
        boot_menu=values.get("boot_menu", False),
        cpu_limits=_cpu_limits(values),
        disk_limits=_disk_limits(values),
        inbound=_bandwidth(values, "inbound"),
        outbound=_bandwidth(values, "outbound"),
    )


def rebuild_refusal(instance: Instance, image: Image) -> str:
    """Return why the instance's hardware prevents a rebuild from the image; empty if it does not."""
    rebuilt = options_after_rebuild(instance, image)
    if reason := refusal(rebuilt["flavor"], rebuilt["image"], instance.vcpus):
        return reason
    hypervisor = instance.hypervisor
    spec = resolve(rebuilt["flavor"], rebuilt["image"], instance.vcpus)
    missing = hypervisor and missing_features(spec, hypervisor)
    return _("%(host)s cannot give it %(what)s.") % {"host": hypervisor, "what": missing} if missing else ""


def required_features(spec: HardwareSpec) -> set[str]:
    """Return the features that the guest requires of its host."""
    required = {UEFI: spec.firmware == "uefi", SECURE_BOOT: spec.secure_boot, TPM: spec.tpm is not None}
    return {name for name, is_required in required.items() if is_required}


def feature_labels() -> dict[str, str]:
    """Return {feature: label}."""
    return {UEFI: _("UEFI firmware"), SECURE_BOOT: _("secure boot"), TPM: _("an emulated TPM")}


def missing_features(spec: HardwareSpec, hypervisor: Hypervisor) -> str:
    """Return the labels of required features that the hypervisor does not have; empty if there are none."""
    missing = required_features(spec) - set(hypervisor.features)
    return ", ".join(label for name, label in feature_labels().items() if name in missing)


def hosts_refusal(specs: Mapping[str, str], properties: Mapping[str, str]) -> str:
    """Return why no hypervisor has such hardware; empty if one has. Costs a query only for optional features."""
    spec = resolve(specs, properties, 1)
    if not required_features(spec):
        return ""
    missing = [missing_features(spec, hypervisor) for hypervisor in Hypervisor.objects.all()]
    if not missing or "" in missing:
        return ""
    return _("No host can give it %(what)s. An administrator sees in the health check what to install.") % {
        "what": min(missing, key=len)
    }


def _secure_boot(value: str | None, firmware: str, machine: str) -> bool:
    possible = firmware == "uefi" and machine == "q35"
    if value == "required" and not possible:
        raise BadInput(
            _("os_secure_boot=required needs an image with hw_firmware_type=uefi and hw_machine_type=q35.")
        )
    return possible and value in {"required", "optional"}


def _tpm(version: Any, model: Any) -> Tpm | None:
    if version is None and model is None:
        return None
    if version is None:
        raise BadInput(_("hw_tpm_model needs hw_tpm_version beside it."))
    if (version, model) == ("1.2", "tpm-crb"):
        raise BadInput(_("hw_tpm_model=tpm-crb needs hw_tpm_version=2.0."))
    return Tpm(version=version, model=model or "tpm-tis")


def _cpu_limits(values: Mapping[str, Any]) -> CpuLimits | None:
    limits = {
        name: values[f"cpu_{name}"] for name in ("shares", "period", "quota") if f"cpu_{name}" in values
    }
    return CpuLimits(**limits) if limits else None


def _disk_limits(values: Mapping[str, Any]) -> DiskLimits | None:
    limits = {name: values[name] for name in DISK_LIMITS if values.get(name)}
    for unit in ("bytes", "iops"):
        if f"total_{unit}_sec" in limits and limits.keys() & {f"read_{unit}_sec", f"write_{unit}_sec"}:
            raise BadInput(
                _("quota:disk_total_%(unit)s_sec excludes a limit on reading or writing alone.")
                % {"unit": unit}
            )
    return DiskLimits(**limits) if limits else None


def _bandwidth(values: Mapping[str, Any], direction: str) -> Bandwidth | None:
    names = [name for name in VIF_LIMITS if name.startswith(direction)]
    limits = {name.removeprefix(f"{direction}_"): values[name] for name in names if values.get(name)}
    if limits and "average" not in limits:
        raise BadInput(_("quota:vif_%(way)s_peak and _burst need _average beside them.") % {"way": direction})
    return Bandwidth(**limits) if limits else None
