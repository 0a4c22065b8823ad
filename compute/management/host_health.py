"""Health checks of hosts, by the rows that their own processes write. They query no host."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from compute.engine.services import heartbeats
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import inspection, pools
from compute.instances.services import hardware
from compute.management.checks import Check
from compute.networks.models import Network, Port

LEAST_FREE_GIB = 2
GIB = 2**30
PACKAGES = {hardware.UEFI: "ovmf", hardware.SECURE_BOOT: "ovmf", hardware.TPM: "swtpm swtpm-tools"}


def checks(local_host: Hypervisor | None = None) -> list[Check]:
    """Return the checks of every enabled host. `local_host` is this machine's row, inspected just now."""
    rows = list(Hypervisor.objects.filter(enabled=True))
    if not rows:
        fix = _("Run `make up` again, or `manage.py prepare`.")
        return [Check(name=_("Hypervisor"), ok=False, detail=_("none is registered"), fix=fix)]
    rows = [local_host if local_host and local_host.pk == row.pk else row for row in rows]
    return [check for row in rows for check in (*_processes(row), *_hypervisor(row))]


def _name_on_host(part: str, row: Hypervisor) -> str:
    return _("%(part)s on %(host)s") % {"part": part, "host": row.name}


def _processes(row: Hypervisor) -> list[Check]:
    parts = {"worker": _("Worker"), "watch": _("Watcher"), "console": _("Console process")}
    alive = heartbeats.alive_on(row.name)
    fix = _("Look for its lines in the terminal of `make up` on %(host)s, and start that if it is off.")
    return [
        Check(
            name=_name_on_host(name, row),
            ok=process in alive,
            detail=_("alive") if process in alive else _("has not been heard of lately"),
            fix="" if process in alive else fix % {"host": row.name},
        )
        for process, name in parts.items()
    ]


def _hypervisor(row: Hypervisor) -> list[Check]:
    name = _name_on_host(_("Hypervisor"), row)
    if reason := _unreachable_reason(row):
        fix = _(
            "On %(host)s, start libvirt: `deploy/daemons`, or `systemctl start libvirtd`. "
            "Then see `virsh -c %(uri)s version`."
        )
        return [Check(name=name, ok=False, detail=reason, fix=fix % {"host": row.name, "uri": row.uri})]
    versions = _("libvirt %(libvirt)s with QEMU %(qemu)s")
    reachable = versions % {"libvirt": row.libvirt_version, "qemu": row.qemu_version}
    kind = _("KVM") if row.virt_type == "kvm" else _("emulation, many times slower than KVM")
    reason = _(row.virt_reason) if row.virt_reason else ""
    return [
        Check(name=name, ok=True, detail=reachable),
        Check(
            name=_name_on_host(_("Virtualization"), row),
            ok=True,
            limited=row.virt_type != "kvm",
            detail=f"{kind}. {reason}",
        ),
        _guest_hardware(row),
        *(_network(row, network) for network in Network.objects.all()),
        _storage(row),
        *(_added_pool(row, pool) for pool in row.pools.all() if not pools.is_own(pool)),
    ]


def _unreachable_reason(row: Hypervisor) -> str:
    """Return why the host is unreachable; empty if its watcher has just seen it."""
    if row.state != Hypervisor.State.UP:
        return row.state_reason or _("it has not been seen yet")
    if row.seen_at is None or row.seen_at < timezone.now() - heartbeats.SILENT:
        return _("its watcher says nothing")
    return ""


def _guest_hardware(row: Hypervisor) -> Check:
    """Return the check for guests' optional hardware, with the packages to install for missing features."""
    name, labels = _name_on_host(_("Guest hardware"), row), hardware.feature_labels()
    missing = [feature for feature in PACKAGES if feature not in row.features]
    if not missing:
        return Check(name=name, ok=True, detail=", ".join(labels.values()))
    fix = _("On %(host)s, run `deploy/install`, or install the packages %(names)s.") % {
        "host": row.name,
        "names": " ".join(dict.fromkeys(PACKAGES[feature] for feature in missing)),
    }
    missing_labels = ", ".join(labels[feature] for feature in missing)
    return Check(name=name, ok=False, detail=_("there is no %(what)s") % {"what": missing_labels}, fix=fix)


def _network(row: Hypervisor, network: Network) -> Check:
    def used() -> str:
        count = Port.objects.filter(network=network, instance__hypervisor=row).count()
        return _("%(cidr)s, %(count)s addresses in use") % {"cidr": network.cidr, "count": count}

    fix = _(
        "Run `manage.py prepare` on %(host)s; it says what stands in the way, often another network with the same "
        "addresses."
    )
    name = _("Network %(name)s") % {"name": network.name}
    return _part_check(row, inspection.network_part(network.name), name, used, fix % {"host": row.name})


def _storage(row: Hypervisor) -> Check:
    name, folder = _("Storage"), {"host": row.name, "folder": settings.STORAGE_DIR}
    fix = _("Run `manage.py prepare` on %(host)s, and see that QEMU's user can reach %(folder)s.")
    free = _("%(free)s GiB free") % {"free": row.disk_free_gib}
    check = _part_check(row, inspection.STORAGE, name, lambda: free, fix % folder)
    if check.ok and row.disk_free_gib < LEAST_FREE_GIB:
        fix = _("Delete what is not needed, empty the recycle bin, or give %(folder)s a larger disk.")
        return Check(name=check.name, ok=False, detail=free, fix=fix % folder)
    return check


def _added_pool(row: Hypervisor, pool: Pool) -> Check:
    name = _("Storage pool %(name)s") % {"name": pool.name}
    free = _("%(free)s GiB free") % {"free": pool.available_bytes // GIB}
    fix = _("See that %(folder)s is there on %(host)s, mounted and open to QEMU's user.")
    part = inspection.pool_part(pool.name)
    return _part_check(
        row, part, name, lambda: free, fix % {"folder": Path(pool.path).parent, "host": row.name}
    )


def _part_check(row: Hypervisor, part: str, name: str, detail: Callable[[], str], fix: str) -> Check:
    """Return the check of a part of the host, broken if the watcher noted a problem with it."""
    problem = dict(row.problems).get(part)
    if problem is None:
        return Check(name=_name_on_host(name, row), ok=True, detail=detail())
    return Check(name=_name_on_host(name, row), ok=False, detail=problem, fix=fix)
