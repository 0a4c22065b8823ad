"""Detect whether KVM works on this host, by running a probe guest."""

import json
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import libvirt

from ..connection import open_connection
from ..errors import DriverError, GuestNotFound, GuestNotRunning, HypervisorUnreachable, translated
from ..files import write_atomic
from ..specs import VirtType, Virtualization
from ..xml.guest import probe_domain

PROBE_SECONDS = 6.0
MARKER = b"PROBE-OK"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PROCESSOR = Path("/proc/cpuinfo")
_SOFTWARE_KVM = Path("/sys/module/kvm_pvm")


def detect(uri: str, kernel: Path, initrd: Path, cache: Path) -> Virtualization:
    """Return whether guests run under KVM or emulation on `uri`, which must be this host.

    `kernel` and `initrd` boot a probe that prints PROBE-OK on its serial port and powers off. The result is cached
    in the file `cache` until the host's next boot. Raise DriverError if the probe cannot be started.
    """
    if (reason := _missing_requirement()) is not None:
        return Virtualization(type="qemu", reason=reason)
    boot_id = _BOOT_ID.read_text().strip()
    if (cached := _read_cache(cache, boot_id)) is not None:
        return cached
    reason = probe(uri, "kvm", kernel, initrd)
    if reason is None:
        virtualization = Virtualization(type="kvm", reason="A probe guest ran under KVM.")
    else:
        virtualization = Virtualization(type="qemu", reason=f"KVM is there but does not work: {reason}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    content = {"boot_id": boot_id, "type": virtualization.type, "reason": virtualization.reason}
    write_atomic(cache, json.dumps(content).encode())
    return virtualization


def probe(
    uri: str, virt_type: VirtType, kernel: Path, initrd: Path, seconds: float = PROBE_SECONDS
) -> str | None:
    """Return why a guest of this type does not boot the kernel in time; None if it does.

    The guest is destroyed in any case. Raise DriverError without the files, HypervisorUnreachable.
    """
    with (
        tempfile.TemporaryDirectory(prefix="meridian-probe-") as folder,
        translated("Preparing the probe guest"),
    ):
        directory = Path(folder)
        directory.chmod(0o755)  # QEMU's user must get in; copies, because libvirt hands it the files
        copied_kernel = Path(shutil.copy(kernel, directory / "kernel"))
        copied_initrd = Path(shutil.copy(initrd, directory / "initrd"))
        output = directory / "serial"
        domain = probe_domain(directory.name, virt_type, copied_kernel, copied_initrd, output)
        connection = open_connection(uri)
        try:
            with translated("Starting the probe guest"):
                guest = connection.createXML(domain.to_xml(), libvirt.VIR_DOMAIN_START_AUTODESTROY)
            try:
                has_booted = _boots(output, seconds)
            finally:
                with suppress(GuestNotFound, GuestNotRunning), translated("Ending the probe guest"):
                    guest.destroy()  # now: after the connection's end libvirtd takes its time
        except HypervisorUnreachable:
            raise
        except DriverError as error:  # QEMU does not support this type
            return str(error)
        finally:
            connection.close()  # ends the guest of a process that was killed
    return None if has_booted else f"a probe guest did not boot within {seconds:.0f} seconds."


def _boots(output: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if output.exists() and MARKER in output.read_bytes():
            return True
        time.sleep(0.1)
    return False


def _missing_requirement() -> str | None:
    """Return why KVM cannot work here, as far as that is known without a probe; None if it may."""
    if _SOFTWARE_KVM.exists():
        return gettext_noop(
            "This machine's KVM is a software one (kvm_pvm), under which whole systems do not boot."
        )
    if not re.search(r"^flags\s*:.*\b(vmx|svm)\b", _PROCESSOR.read_text(), re.MULTILINE):
        return gettext_noop("The processor offers no hardware virtualization (neither VMX nor SVM).")
    if not Path("/dev/kvm").exists():
        return gettext_noop(
            "There is no /dev/kvm: load the module kvm_intel or kvm_amd, or enable it in the firmware."
        )
    return None


def gettext_noop(sentence: str) -> str:
    """Mark a sentence that pages translate: it goes to the catalog, though nothing here knows of languages."""
    return sentence


def _read_cache(cache: Path, boot_id: str) -> Virtualization | None:
    try:
        content = json.loads(cache.read_text())
        if content["boot_id"] == boot_id and content["type"] in ("kvm", "qemu"):
            return Virtualization(type=content["type"], reason=str(content["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no cache yet, or an invalid one: probe again
    return None
