"""Health checks of the whole installation, each with its repair."""

import shutil
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Unavailable
from accounts.services import ldap, oidc
from compute.engine.models import Heartbeat, Operation
from compute.engine.operations.leftovers import describe_leftovers
from compute.engine.services import heartbeats
from compute.hosts.models import Hypervisor
from compute.images.models import Image
from compute.images.services import image_files
from compute.management import front_door, host_health
from compute.management.checks import Check

MOST_NAMED = 5
"""Number of stuck operations that are named at most."""
CLOCK_TOLERANCE = timedelta(seconds=5)


def checks(local_host: Hypervisor | None = None) -> list[Check]:
    """Return the checks of all parts, each after those that it depends on. A broken part raises nothing.

    Hosts are judged by their rows. `local_host` is this machine's row, inspected just now.
    """
    results = _database()
    if all(check.ok for check in results):
        results += [*_clock(), _sweep(), *_operations(), *host_health.checks(local_host), *_images()]
    return [*results, _redis(), _front_door(), *_identity_sources()]


def _attempt(name: str, probe: Callable[[], str], fix: str, *errors: type[Exception]) -> Check:
    """Return a check with the detail that `probe` returns, broken if that raises one of `errors`."""
    try:
        return Check(name=name, ok=True, detail=probe())
    except errors as error:
        return Check(name=name, ok=False, detail=str(error).strip(), fix=fix)


def _database() -> list[Check]:
    fix = _(
        "See that the database at DATABASE_URL runs, that its disk is not full and that we may write there."
    )
    writable = _attempt(_("Database"), _write_and_undo, fix, DatabaseError, OSError)
    if not writable.ok:
        return [writable]
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [
        writable,
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
        return _("SQLite (small installations). Set DATABASE_URL for PostgreSQL.")
    return connection.display_name


def _clock() -> list[Check]:
    newest = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    ahead = newest - timezone.now() if newest else timedelta()
    ok = ahead <= CLOCK_TOLERANCE
    return [
        Check(
            name=_("Clock"),
            ok=ok,
            detail=_("in sync")
            if ok
            else _("%(seconds)s s behind another process") % {"seconds": int(ahead.total_seconds())},
            fix=""
            if ok
            else _("Let a time service such as systemd-timesyncd or chrony set this machine's clock."),
        )
    ]


def _operations() -> list[Check]:
    """Return the check for stuck operations, which wait for an administrator."""
    stuck = Operation.objects.filter(state=Operation.State.STUCK).order_by("created_at", "pk")
    if not (rows := list(stuck[:MOST_NAMED])):
        return [Check(name=_("Operations"), ok=True, detail=_("none is stuck"))]
    names = [f"{row.kind} {row.subject_name}: {describe_leftovers(row.leftovers)}" for row in rows]
    detail = _("%(count)s stuck. %(which)s") % {"count": stuck.count(), "which": " ".join(names)}
    fix = _(
        "Remove what stands in the way, then choose “Undo once more” on the activity page; "
        "or delete what it was done to for good."
    )
    return [Check(name=_("Operations"), ok=False, detail=detail, fix=fix)]


def _sweep() -> Check:
    alive = heartbeats.alive("sweep")
    return Check(
        name=_("Sweep"),
        ok=alive,
        detail=_("alive") if alive else _("has not been heard of lately"),
        fix=""
        if alive
        else _("Look for its lines in the terminal of `make up`, and start that if it is off."),
    )


def _images() -> list[Check]:
    active = list(Image.objects.filter(status=Image.Status.ACTIVE))
    there = image_files.stored_ids()
    without_file = [image.name for image in active if str(image.pk) not in there]
    ok = bool(active) and not without_file
    if without_file:
        detail = _("the file of %(names)s is missing") % {"names": ", ".join(without_file)}
    else:
        detail = _("%(count)s available") % {"count": len(active)} if active else _("there is none")
    return [
        Check(
            name=_("Images"), ok=ok, detail=detail, fix="" if ok else _("Run `manage.py build_image tiny`.")
        )
    ]


def _redis() -> Check:
    def probe() -> str:
        url = settings.REDIS_URL or f"unix://{settings.REDIS_SOCKET}"
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return _("version %(version)s") % {"version": client.info("server")["redis_version"]}

    fix = _(
        "Without it work starts late and pages are not live. See that `make up` runs, or what REDIS_URL names."
    )
    return _attempt("Redis", probe, fix, redis.RedisError, OSError)


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


def _identity_sources() -> list[Check]:
    """Return the checks of the directory and the identity provider that the settings name."""
    results = []
    if server := settings.LDAP:

        def probe_directory() -> str:
            ldap.probe(server)
            return _("%(url)s answers") % {"url": server.url}

        fix = _("See that it runs, and compare the MERIDIAN_LDAP_ settings with it.")
        results.append(_attempt("LDAP", probe_directory, fix, Unavailable))
    if provider := settings.OIDC:

        def probe_provider() -> str:
            oidc.probe(provider)
            return _("%(url)s answers") % {"url": provider.issuer}

        fix = _("See that it runs, and that its description names MERIDIAN_OIDC_ISSUER as its issuer.")
        results.append(_attempt("OpenID Connect", probe_provider, fix, Unavailable))
    return results
