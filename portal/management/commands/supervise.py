"""Run supervisord in a process that has loaded all modules, so that its programs are forks which share that memory."""

# Plain programs with an interpreter each take 551 MiB idle in place of 317, measured by `tests.bench memory`, whose
# goal is 400, and two seconds each to start. supervisord forks and then calls `ServerOptions.execve`, its only place
# where a program can be run without a new interpreter.

import gc
import importlib
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from django.core.management import execute_from_command_line
from django.core.management.base import BaseCommand
from setproctitle import setproctitle
from supervisor import supervisord
from supervisor.options import ServerOptions

from compute.engine.services import processes
from portal import supervision

PRELOADED = (
    "portal.asgi",
    "portal.celery",
    "portal.urls",
    "compute.engine.tasks",
    "compute.console.app",
    "compute.management.commands.console",
    "compute.management.commands.sweep",
    "compute.management.commands.watch",
    "portal.management.commands.web",
    "portal.management.commands.worker",
    "celery.concurrency.prefork",
    "celery.worker.components",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "django.contrib.sessions.serializers",
    "django.db.models.sql.compiler",
)
"""Modules that the processes would load by themselves."""

GARBAGE = 20_000
"""New objects after which the collector looks for cycles. At Python's 700, a full page of a list ran it forty times, a
quarter of its time.
"""


class Command(BaseCommand):
    help = "Keep the processes of `manage.py up` alive. CONFIG: the supervisord.conf that `up` has written."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("config")

    def handle(self, *_args: Any, config: str, **_options: Any) -> None:
        setproctitle("meridian: supervisor")
        for module in PRELOADED:
            importlib.import_module(module)
        gc.collect()
        gc.freeze()  # or the collector would write to shared memory
        gc.set_threshold(GARBAGE)
        ForkingOptions.supervisor = os.getpid()
        supervisord.ServerOptions = ForkingOptions
        supervisord.main(["-c", config])


class ForkingOptions(ServerOptions):
    """supervisord's calls of the system. A command of manage.py runs in the forked child, without an interpreter."""

    supervisor = 0

    def execve(self, filename: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Run the program in the forked child. Return only if it cannot be started."""
        if tuple(argv[:2]) != supervision.MANAGE:
            super().execve(filename, argv, env)
            return
        processes.end_with(self.supervisor)
        _run(argv[1:], env)


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Run a command of manage.py as a new interpreter would, and end this process with its exit code."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    setproctitle(f"meridian: {arguments[-1]}")
    sys.argv = list(arguments)
    code: object = 0
    try:
        execute_from_command_line(sys.argv)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - the interpreter reports it alike
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
