"""Serve this host's consoles: screens and serial ports to browsers, pictures and logs to web processes."""

import logging
import multiprocessing
import os
import signal
import socket
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from setproctitle import setproctitle

from compute.console import app
from compute.console.server import ConsoleProxy, proxy
from compute.engine.services import processes
from compute.hosts.services import console_addresses, local
from compute.hosts.services.console_addresses import Part


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGTERM."""
        # Queries are rare here, so a connection is opened for each rather than pooled.
        settings.DATABASES["default"].get("OPTIONS", {}).pop("pool", None)
        logging.getLogger("websocket").setLevel(logging.WARNING)
        console_addresses.announce(local.serve())
        connections.close_all()
        screens, rest = _listen()
        proxies = [_fork(each) for each in screens]
        try:
            Thread(target=_terminate_with_any, args=[proxies], daemon=True).start()
            app.server().run(rest)
        finally:
            for process in proxies:
                process.terminate()
                process.join()


def _listen() -> tuple[list[ConsoleProxy], list[socket.socket]]:
    """Return what listens for screens, and for all else. Raise CommandError."""
    try:
        return [proxy(address) for address in _screen_addresses()], app.sockets()
    except OSError as error:
        raise CommandError(
            f"Consoles cannot be served at {settings.CONSOLE_LISTEN or 'the data folder'}: {error.strerror}. "
            "Give MERIDIAN_CONSOLE_LISTEN an address of this machine with two free ports."
        ) from error


def _screen_addresses() -> list[Path | tuple[str, int]]:
    """Return the sockets and addresses at which screens are served."""
    addresses: list[Path | tuple[str, int]] = [Part.SCREENS.socket]
    if settings.CONSOLE_LISTEN:
        addresses.append(Part.SCREENS.address(settings.CONSOLE_LISTEN))
    return addresses


def _fork(screens: ConsoleProxy) -> multiprocessing.Process:
    """Serve screens by a process of their own, since their bytes must not keep answers waiting."""
    process = multiprocessing.Process(target=_run_proxy, args=[screens, os.getpid()])
    process.start()
    screens.server_close()  # here; the process has its own
    return process


def _run_proxy(screens: ConsoleProxy, parent: int) -> None:
    processes.end_with(parent)
    setproctitle("meridian: screens")
    screens.start()


def _terminate_with_any(proxies: list[multiprocessing.Process]) -> None:
    """Terminate this process once a proxy has ended, so that the supervisor starts all again."""
    wait([proxy.sentinel for proxy in proxies])
    os.kill(os.getpid(), signal.SIGTERM)
