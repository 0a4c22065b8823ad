"""Whether the whole installation works, one sentence a part, each with what to do about it."""

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Unavailable
from accounts.services import ldap, oidc
from compute.driver.errors import DriverError
from compute.driver.host import capabilities
from compute.engine.models import Heartbeat, Operation
from compute.engine.operations.leftovers import left_in_words
from compute.engine.services import heartbeats
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import image_files
from compute.instances.services import hardware
from compute.management import front_door
from compute.networks.models import Network
from compute.networks.services import host_networks

GIB = 2**30
NAMED = 5
"""How many stuck operations are named."""
LEAST_FREE_BYTES = 2 * GIB
CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the installation: whether it works, what was seen, and the repair where it does not."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def checks() -> list[Check]:
    """Look at every part, in the order in which they need each other. Never raises for a broken part."""
    found = _database()
    if all(check.ok for check in found):
        for look in (_clock, _processes, _operations, _hypervisors, _images):
            found += look()
    return [*found, _redis(), _console(), _front_door(), *_sign_in_elsewhere()]


def _attempt(name: str, look: Callable[[], str], fix: str, *errors: type[Exception]) -> Check:
    """A check that is well unless `look`, which returns what it saw, raises one of `errors`."""
    try:
        return Check(name=name, ok=True, detail=look())
    except errors as error:
        return Check(name=name, ok=False, detail=str(error).strip(), fix=fix)


def _database() -> list[Check]:
    fix = _(
        "See that the database at DATABASE_URL runs, that its disk is not full and that we may write there."
    )
    answers = _attempt(_("Database"), _write_and_undo, fix, DatabaseError, OSError)
    if not answers.ok:
        return [answers]
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [
        answers,
        Check(
            name=_("Tables"),
            ok=not missing,
            detail=_("up to date")
            if not missing
            else _("%(count)s changes are missing") % {"count": len(missing)},
            fix="" if not missing else _("Run `make up` again, or `manage.py migrate`."),
        ),
    ]


def _write_and_undo() -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE meridian_health_probe (id integer)")
        transaction.set_rollback(True)
    if connection.vendor == "sqlite":
        return _("SQLite, for one machine and few people; PostgreSQL by DATABASE_URL for more")
    return connection.display_name


def _clock() -> list[Check]:
    newest = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    ahead = newest - timezone.now() if newest else timedelta()
    ok = ahead <= CLOCK_TOLERANCE
    return [
        Check(
            name=_("Clock"),
            ok=ok,
            detail=_("goes with the other processes")
            if ok
            else _("%(seconds)s s behind another process") % {"seconds": int(ahead.total_seconds())},
            fix=""
            if ok
            else _("Let a time service such as systemd-timesyncd or chrony set this machine's clock."),
        )
    ]


def _processes() -> list[Check]:
    parts = {"worker": _("Worker"), "watch": _("Watcher")}
    return [
        Check(
            name=name,
            ok=alive,
            detail=_("alive") if alive else _("has not been heard of lately"),
            fix=""
            if alive
            else _("Look for its lines in the terminal of `make up`, and start that if it is off."),
        )
        for process, name in parts.items()
        for alive in [heartbeats.alive(process)]
    ]


def _operations() -> list[Check]:
    """Operations that could not be undone wait for somebody."""
    stuck = Operation.objects.filter(state=Operation.State.STUCK).order_by("created_at", "pk")
    if not (rows := list(stuck[:NAMED])):
        return [Check(name=_("Operations"), ok=True, detail=_("none is stuck"))]
    names = [f"{row.kind} {row.subject_name}: {left_in_words(row.left)}" for row in rows]
    detail = _("%(count)s stuck. %(which)s") % {"count": stuck.count(), "which": " ".join(names)}
    fix = _(
        "Remove what stands in the way, then choose “Undo once more” on the activity page; "
        "or delete what it was done to for good."
    )
    return [Check(name=_("Operations"), ok=False, detail=detail, fix=fix)]


def _hypervisors() -> list[Check]:
    rows = list(Hypervisor.objects.filter(enabled=True))
    if not rows:
        fix = _("Run `make up` again, or `manage.py prepare`.")
        return [Check(name=_("Hypervisor"), ok=False, detail=_("none is registered"), fix=fix)]
    return [check for row in rows for check in _hypervisor(row)]


def _hypervisor(row: Hypervisor) -> list[Check]:
    def versions() -> str:
        facts = capabilities.facts(row.uri)
        return _("libvirt %(libvirt)s with QEMU %(qemu)s on %(host)s") % {
            "libvirt": facts.libvirt_version,
            "qemu": facts.qemu_version,
            "host": facts.hostname,
        }

    fix = _(
        "Start libvirt: `deploy/daemons`, or `systemctl start libvirtd`. Then see `virsh -c %(uri)s version`."
    )
    reachable = _attempt(_("Hypervisor"), versions, fix % {"uri": row.uri}, DriverError)
    if not reachable.ok:
        return [reachable]
    kind = _("KVM") if row.virt_type == "kvm" else _("emulation, several times slower than KVM")
    virtualization = Check(name=_("Virtualization"), ok=True, detail=f"{kind}. {row.virt_reason}")
    return [
        reachable,
        virtualization,
        _guest_hardware(row),
        *(_network(row, network) for network in Network.objects.all()),
        _storage(row),
    ]


def _guest_hardware(row: Hypervisor) -> Check:
    """What guests can have beyond the usual machine, and which packages bring what is missing."""
    name, labels = _("Guest hardware"), hardware.labels()
    packages = {hardware.UEFI: "ovmf", hardware.SECURE_BOOT: "ovmf", hardware.TPM: "swtpm swtpm-tools"}
    try:
        missing = [feature for feature in packages if feature not in capabilities.features(row.uri)]
    except DriverError as error:
        return Check(name=name, ok=False, detail=str(error), fix=_("Look at libvirt's log."))
    if not missing:
        return Check(name=name, ok=True, detail=", ".join(labels.values()))
    fix = _("Run `deploy/install`, or install the packages %(names)s.") % {
        "names": " ".join(dict.fromkeys(packages[feature] for feature in missing))
    }
    lost = ", ".join(labels[feature] for feature in missing)
    return Check(name=name, ok=False, detail=_("there is no %(what)s") % {"what": lost}, fix=fix)


def _network(row: Hypervisor, network: Network) -> Check:
    def look() -> str:
        leases = host_networks.network(row, network).leases()
        return _("%(cidr)s, %(count)s addresses in use") % {"cidr": network.cidr, "count": len(leases)}

    fix = _(
        "Run `manage.py prepare`; it says what stands in the way, often another network with the same addresses."
    )
    return _attempt(_("Network %(name)s") % {"name": network.name}, look, fix, DriverError)


def _storage(row: Hypervisor) -> Check:
    fix = _("Run `manage.py prepare`, and see that QEMU's user can reach %(folder)s.")
    pool = hosts.pool(row)

    def look() -> str:
        pool.list()
        return _("%(free)s GiB free") % {"free": pool.facts().available_bytes // GIB}

    name = _("Storage")
    found = _attempt(name, look, fix % {"folder": settings.STORAGE_DIR}, DriverError, OSError)
    if found.ok and pool.facts().available_bytes < LEAST_FREE_BYTES:
        fix = _("Delete what is not needed, empty the recycle bin, or give %(folder)s a larger disk.")
        return Check(name=name, ok=False, detail=found.detail, fix=fix % {"folder": settings.STORAGE_DIR})
    return found


def _images() -> list[Check]:
    active = list(Image.objects.filter(status=Image.Status.ACTIVE))
    lost = [image.name for image in active if not image_files.file_of(image).exists()]
    ok = bool(active) and not lost
    if lost:
        detail = _("the file of %(names)s is missing") % {"names": ", ".join(lost)}
    else:
        detail = _("%(count)s to launch from") % {"count": len(active)} if active else _("there is none")
    return [
        Check(
            name=_("Images"), ok=ok, detail=detail, fix="" if ok else _("Run `manage.py build_image tiny`.")
        )
    ]


def _redis() -> Check:
    def look() -> str:
        url = settings.REDIS_URL or f"unix://{settings.REDIS_SOCKET}"
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return _("version %(version)s") % {"version": client.info("server")["redis_version"]}

    fix = _(
        "Without it work starts late and pages are not live. See that `make up` runs, or what REDIS_URL names."
    )
    return _attempt("Redis", look, fix, redis.RedisError, OSError)


def _console() -> Check:
    def look() -> str:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            probe.connect(os.fspath(settings.RUN_DIR / "console.sock"))
        return _("answers")

    fix = _("Look for the lines of `console` in the terminal of `make up`, and start that if it is off.")
    return _attempt(_("Console proxy"), look, fix, OSError)


def _front_door() -> Check:
    status = front_door.status("/sign-in/")
    ok = status == 200
    if ok:
        detail = _("%(address)s answers") % {"address": settings.LISTEN}
    elif status is None:
        detail = _("nothing answers at %(address)s") % {"address": settings.LISTEN}
    else:
        detail = _("the sign-in page answers with status %(status)s") % {"status": status}
    name = _("Front door")
    if not ok and shutil.which("nginx") is None:
        return Check(
            name=name, ok=False, detail=detail, fix=_("nginx is not installed: run `deploy/install`.")
        )
    fix = _("Start `make up`; the lines of `front` and `web` in its terminal say what is wrong.")
    return Check(name=name, ok=ok, detail=detail, fix="" if ok else fix)


def _sign_in_elsewhere() -> list[Check]:
    """The directory and the provider, where the settings name them."""
    found = []
    if server := settings.LDAP:

        def ask_directory() -> str:
            ldap.probe(server)
            return _("%(url)s answers") % {"url": server.url}

        fix = _("See that it runs, and compare the MERIDIAN_LDAP_ settings with it.")
        found.append(_attempt("LDAP", ask_directory, fix, Unavailable))
    if provider := settings.OIDC:

        def ask_provider() -> str:
            oidc.probe(provider)
            return _("%(url)s answers") % {"url": provider.issuer}

        fix = _("See that it runs, and that its description names MERIDIAN_OIDC_ISSUER as its issuer.")
        found.append(_attempt("OpenID Connect", ask_provider, fix, Unavailable))
    return found
