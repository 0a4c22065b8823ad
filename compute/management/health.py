"""Whether the whole installation works, one sentence a part, each with what to do about it."""

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

NAMED = 5
"""How many stuck operations are named."""
CLOCK_TOLERANCE = timedelta(seconds=5)


def checks(own: Hypervisor | None = None) -> list[Check]:
    """Look at every part, in the order in which they need each other. Never raises for a broken part.

    Hosts are known by their rows; `own` is this machine's with what was seen just now.
    """
    found = _database()
    if all(check.ok for check in found):
        found += [*_clock(), _sweep(), *_operations(), *host_health.checks(own), *_images()]
    return [*found, _redis(), _front_door(), *_sign_in_elsewhere()]


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


def _operations() -> list[Check]:
    """Operations that could not be undone wait for somebody."""
    stuck = Operation.objects.filter(state=Operation.State.STUCK).order_by("created_at", "pk")
    if not (rows := list(stuck[:NAMED])):
        return [Check(name=_("Operations"), ok=True, detail=_("none is stuck"))]
    names = [f"{row.kind} {row.subject_name}: {describe_leftovers(row.left)}" for row in rows]
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
