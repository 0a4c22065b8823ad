"""Machine options of flavors and images, under Nova's names, and how their values are read.

For names and values see Nova's administrator guide, “Extra Specs”, and Glance's “Useful image properties”.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import BadInput
from accounts.services import quotas
from compute.driver.specs.hardware import DISK_LIMITS
from compute.instances.services.topology import PARTS

Reader = Callable[[str], Any]
YES, NO = {"1", "t", "true", "on", "y", "yes"}, {"0", "f", "false", "off", "n", "no"}
NAMESPACES = ("hw", "hw_rng", "hw_video", "os", "quota")
"""Prefixes of extra specs that are machine options. Others are not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One machine option. `spec` is its name in a flavor, `image` in an image. `read` raises BadInput.

    `precedence` tells whose value counts if both have one, or that they must agree. `offered` are the supported values
    among Nova's, with the reason why the others are not supported.
    """

    name: str
    spec: str = ""
    image: str = ""
    read: Reader
    precedence: Literal["flavor", "image", "agree"] = "flavor"
    offered: tuple[object, ...] | None = None
    reason: str | Promise = ""


def one_of(*words: str) -> Reader:
    def read(text: str) -> str:
        if text not in words:
            raise BadInput(_("Say one of: %(words)s.") % {"words": ", ".join(words)})
        return text

    return read


def boolean(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise BadInput(_("Say true or false."))
    return text.lower() in YES


def number(least: int, most: int) -> Reader:
    def read(text: str) -> int:
        value = quotas.whole_number(text)
        if value is None or not least <= value <= most:
            raise BadInput(
                _("Give a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
            )
        return value

    return read


def _page_size(text: str) -> str:
    """Return a kind of page, or a size such as 2048 (KiB) or 1GB. Raise BadInput."""
    if text not in {"small", "large", "any"} and not text[:1].isdigit():
        raise BadInput(_("Say one of: %(words)s.") % {"words": "small, large, any"})
    return text


_SHARED = gettext_lazy("Guests share the processors here; none can have some to itself.")
_WHOLE = gettext_lazy("A guest is one NUMA node here.")
_PAGES = gettext_lazy("Guests have ordinary pages of memory here.")
_MOST = 10**12 - 1

VIF_LIMITS = tuple(
    f"{direction}_{rate}" for direction in ("inbound", "outbound") for rate in ("average", "peak", "burst")
)


def _hw_option(name: str, read: Reader, **fields: Any) -> Option:
    """Return an option that flavors and images name alike."""
    return Option(name=name, spec=f"hw:{name}", image=f"hw_{name}", read=read, **fields)


OPTIONS: tuple[Option, ...] = (
    Option(name="machine", image="hw_machine_type", read=one_of("q35", "pc")),
    Option(name="firmware", image="hw_firmware_type", read=one_of("bios", "uefi")),
    Option(
        name="secure_boot",
        spec="os:secure_boot",
        image="os_secure_boot",
        read=one_of("required", "optional", "disabled"),
        precedence="agree",
    ),
    _hw_option("tpm_version", one_of("1.2", "2.0"), precedence="agree"),
    _hw_option("tpm_model", one_of("tpm-tis", "tpm-crb"), precedence="agree"),
    Option(name="disk_bus", image="hw_disk_bus", read=one_of("virtio", "scsi", "sata")),
    Option(name="cdrom_bus", image="hw_cdrom_bus", read=one_of("scsi", "sata")),
    Option(name="scsi_model", image="hw_scsi_model", read=one_of("virtio-scsi")),
    Option(
        name="vif_model",
        image="hw_vif_model",
        read=one_of("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3", "ne2k_pci", "pcnet"),
    ),
    Option(
        name="video_model", image="hw_video_model", read=one_of("vga", "virtio", "bochs", "cirrus", "none")
    ),
    Option(name="pointer_model", image="hw_pointer_model", read=one_of("usbtablet", "ps2mouse")),
    Option(name="input_bus", image="hw_input_bus", read=one_of("usb", "virtio")),
    _hw_option("watchdog_action", one_of("disabled", "reset", "poweroff", "pause", "none")),
    Option(name="rng_model", image="hw_rng_model", read=one_of("virtio")),
    Option(name="rng_allowed", spec="hw_rng:allowed", read=boolean),
    Option(name="rng_bytes", spec="hw_rng:rate_bytes", read=number(1, 2**31 - 1)),
    Option(name="rng_period", spec="hw_rng:rate_period", read=number(1, 2**31 - 1)),
    Option(name="guest_agent", image="hw_qemu_guest_agent", read=boolean),
    _hw_option("boot_menu", boolean, precedence="image"),
    Option(name="shutdown_timeout", image="os_shutdown_timeout", read=number(0, 86_400)),
    *(_hw_option(f"cpu_{limit}{part}", number(1, 65536)) for part in PARTS for limit in ("", "max_")),
    _hw_option("cpu_policy", one_of("shared", "dedicated", "mixed"), offered=("shared",), reason=_SHARED),
    _hw_option("cpu_thread_policy", one_of("prefer", "isolate", "require"), offered=(), reason=_SHARED),
    _hw_option("numa_nodes", number(1, 65536), offered=(1,), reason=_WHOLE),
    _hw_option("mem_page_size", _page_size, offered=("small", "any"), reason=_PAGES),
    _hw_option(
        "mem_encryption",
        boolean,
        offered=(False,),
        reason=gettext_lazy("Guests' memory cannot be encrypted here."),
    ),
    Option(name="cpu_shares", spec="quota:cpu_shares", read=number(2, 262_144)),
    Option(name="cpu_period", spec="quota:cpu_period", read=number(1000, 1_000_000)),
    Option(name="cpu_quota", spec="quota:cpu_quota", read=number(1000, _MOST)),
    *(Option(name=name, spec=f"quota:disk_{name}", read=number(0, _MOST)) for name in DISK_LIMITS),
    *(Option(name=name, spec=f"quota:vif_{name}", read=number(0, 2**31 - 1)) for name in VIF_LIMITS),
)
SPECS = {option.spec: option for option in OPTIONS if option.spec}
PROPERTIES = {option.image: option for option in OPTIONS if option.image}


UNSUPPORTED = re.compile(
    r"hw:(numa_(cpus|mem)\.\d+|cpu_realtime(_mask)?|cpu_dedicated_mask|emulator_threads_policy"
    r"|pci_numa_affinity_policy|serial_port_count|mem_encryption_model|pmem|vif_multiqueue_enabled"
    r"|virtio_packed_ring|locked_memory|tpm_secret_security|viommu_model|maxphysaddr_(mode|bits))"
    r"|hw_video:ram_max_mb"
    r"|quota:(cpu|memory|disk_io|vif)_(limit|reservation|shares_level|shares_share)"
)
"""Nova's further extra specs. A flavor may have them, as flavors of other clouds do, but no guest."""
ONE_NODE = {"hw:numa_cpus.0", "hw:numa_mem.0"}
"""Those that say of the only NUMA node what is so in any case."""


def spec_error(name: str, value: str) -> str:
    """Return why Nova knows no such extra spec or value; empty if it does."""
    option = SPECS.get(name)
    if option is None:
        if UNSUPPORTED.fullmatch(name):
            return ""
        is_reserved = ":" in name and name.partition(":")[0] in NAMESPACES
        return _("There is no such extra spec.") if is_reserved else ""
    return _value_error(option, value)


def property_error(name: str, value: str) -> str:
    """Return why an image's property cannot have this value; empty if it can, or if it is no machine option."""
    option = PROPERTIES.get(name)
    return "" if option is None else _value_error(option, value)


def read(specs: Mapping[str, str], properties: Mapping[str, str]) -> dict[str, Any]:
    """Return {option's name: value} of a flavor and an image together.

    Raise BadInput if a value is wrong or not supported, or if values differ that must agree. Its text names the extra
    spec or property.
    """
    for name in specs.keys() - ONE_NODE:
        if UNSUPPORTED.fullmatch(name):
            raise BadInput(_("%(name)s: guests cannot have this here.") % {"name": name})
    result: dict[str, Any] = {}
    for option in OPTIONS:
        values = {}
        if option.spec in specs:
            values["flavor"] = _value(option, option.spec, specs[option.spec])
        if option.image in properties:
            values["image"] = _value(option, option.image, properties[option.image])
        if not values:
            continue
        if option.precedence == "agree" and len(set(values.values())) > 1:
            raise BadInput(
                _("The flavor says %(spec)s=%(theirs)s, the image %(property)s=%(its)s: they must agree.")
                % {
                    "spec": option.spec,
                    "theirs": specs[option.spec],
                    "property": option.image,
                    "its": properties[option.image],
                }
            )
        result[option.name] = values.get(option.precedence, next(iter(values.values())))
    return result


def _value(option: Option, name: str, text: str) -> Any:
    try:
        value = option.read(text)
    except BadInput as error:
        raise BadInput(f"{name}={text[:64]}: {error.text}") from error
    if option.offered is not None and value not in option.offered:
        raise BadInput(str(format_lazy("{}={}: {}", name, text[:64], option.reason)))
    return value


def _value_error(option: Option, value: str) -> str:
    try:
        option.read(value)
    except BadInput as error:
        return str(error.text)
    return ""
