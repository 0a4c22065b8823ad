"""The processes of `make up`, run once everything is installed."""

import errno
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.services import setup
from compute.management import defaults, front_door
from portal import bundles, static_version, supervision
from portal.supervision import Role

START_SECONDS = 60


class Command(BaseCommand):
    help = "Make everything ready and run all processes in the foreground; Ctrl-C stops them, guests keep running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only",
            choices=list(Role),
            help="portal: only what serves people and APIs, as on a machine without guests; "
            "host: only what runs guests, for a portal on another machine",
        )

    def handle(self, *, only: Role | None, **_options: Any) -> None:
        _lock()
        # A fork makes everything ready, so that the supervisor has this process's modules, but none of the
        # connections and threads that making ready needs.
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.write(writing, (self._make_ready(only) or "").encode())
            return
        os.close(writing)
        with open(reading, encoding="ascii") as pipe:
            token = pipe.read()
        if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            sys.exit(code)
        config = supervision.render(only)
        if only != Role.HOST and os.fork() == 0:
            _announce(token)
            os._exit(0)
        call_command("supervise", str(config))

    def _make_ready(self, only: Role | None) -> str | None:
        """Make everything ready. Return the token of the set-up link, None if an administrator exists."""
        began = time.monotonic()
        if only != Role.HOST:
            _check_port()
            _migrate()
            defaults.ensure()
            call_command("build_image", "tiny", verbosity=0)
        if only != Role.PORTAL:
            _prepare()
        _compile_translations()
        token = None
        if only != Role.HOST:
            collect_static_files()
            token = setup.create_link()
        self.stdout.write(f"up       ready after {time.monotonic() - began:.1f} s; starting the processes")
        return token


def _lock() -> None:
    """Hold the data folder until this process, which becomes the supervisor, ends."""
    path = settings.RUN_DIR / "up.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(
            f"Meridian is running already with the data folder {settings.DATA_DIR}, at {settings.PUBLIC_URL}. "
            "Stop it with Ctrl-C in its terminal, or give this one its own MERIDIAN_DATA and MERIDIAN_LISTEN."
        ) from error
    os.set_inheritable(descriptor, True)


def _check_port() -> None:
    host, port = front_door.listen_address()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = "another program uses it" if error.errno == errno.EADDRINUSE else str(error.strerror)
            raise CommandError(
                f"Cannot listen on {settings.LISTEN}: {reason}. Set MERIDIAN_LISTEN to a free address and port."
            ) from error


def _migrate() -> None:
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        raise CommandError(
            f"The database cannot be used: {str(error).strip()}. See that what DATABASE_URL names runs and lets us in."
        ) from error
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def _prepare() -> None:
    try:
        call_command("prepare", verbosity=0)
    except CommandError as error:
        raise CommandError(
            f"{error}\nIf another installation, also one whose data folder is gone, holds the storage folder "
            f"{settings.STORAGE_DIR} or the addresses {settings.NETWORK_CIDR}, give this one its own by "
            "MERIDIAN_STORAGE and MERIDIAN_NETWORK, or remove what `virsh pool-list --all` and "
            "`virsh net-list --all` show of the other."
        ) from error


def _compile_translations() -> None:
    for source in settings.BASE_DIR.glob("locale/*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["msgfmt", "--output-file", compiled, source], check=True)


def collect_static_files() -> None:
    """Fill the folder of the present version; the one before stays for pages that are still open."""
    folder = Path(settings.STATIC_ROOT)
    if folder.exists():
        return
    older = sorted(
        (other for other in folder.parent.glob("*") if re.fullmatch(static_version.FORM, other.name)),
        key=lambda other: other.stat().st_mtime,
    )
    for unused in older[:-1]:
        shutil.rmtree(unused)
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    settings.STATIC_ROOT = unfinished
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    bundles.make(unfinished)
    bundles.compress(unfinished)
    unfinished.rename(folder)


def _announce(token: str) -> None:
    """Print the address, with the set-up link if there is a token, once the sign-in page answers."""
    deadline = time.monotonic() + START_SECONDS
    while not _web_listens() or (status := front_door.status("/sign-in/")) is None:
        if time.monotonic() > deadline:
            print("up       nothing answers yet; the lines above say why", flush=True)
            return
        time.sleep(0.1)
    if status != 200:
        print(f"up       the sign-in page answers with status {status}; the lines above say why", flush=True)
    elif not token:
        _frame(f"Meridian is up: {settings.PUBLIC_URL}")
    else:
        _frame(f"Meridian is up. Make its administrator here, once: {settings.PUBLIC_URL}/setup/{token}/")


def _web_listens() -> bool:
    """Return whether all web processes listen. Ask before the front door, which would log failures."""
    return all(_listens(supervision.web_socket(name)) for name in supervision.web_names())


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(os.fspath(path)) == 0


def _frame(sentence: str) -> None:
    print(f"\n  {sentence}\n  Ctrl-C stops the portal; instances keep running.\n", flush=True)
