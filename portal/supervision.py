"""The processes of `make up`, and the files that tell nginx and supervisord about them."""

import os
import pwd
import resource
import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine

from compute.hosts.services.console_addresses import Part
from compute.store import PIECE_BYTES
from portal import env

TEMPLATES = settings.BASE_DIR / "deploy"
MANAGE = (sys.executable, "manage.py")
# The kernel allows 107 bytes in the name of a socket.
LONGEST_SOCKET = 107
MOST_OPEN_FILES = 65536
MOST_REQUESTS = 1000
"""Requests of one address in progress, open pages and consoles among them. A whole class may share an address."""


class Role(StrEnum):
    """What a machine is for: to serve people and APIs, or to run guests. Without a role it does both."""

    PORTAL = "portal"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A supervised process. With `stop_group`, the stop signal goes to its children too."""

    name: str
    arguments: tuple[str, ...]
    role: Role = Role.PORTAL
    stop_signal: str = "TERM"
    stop_group: bool = False

    @property
    def command(self) -> str:
        """Return the command line for supervisord. A process never outlives its supervisor.

        Our own processes see to that themselves, since `manage.py supervise` forks them.
        """
        forked = self.arguments[:2] == MANAGE
        line = self.arguments if forked else ("setpriv", "--pdeathsig", "TERM", *self.arguments)
        return shlex.join(line).replace("%", "%%")


def web_names() -> list[str]:
    """Return the names of the web processes: `web`, or `web-1`, `web-2`, ….

    Each has a socket of its own, so that nginx chooses the least busy one. On a shared socket the process that
    wakes first takes all waiting connections.
    """
    many = settings.WEB_WORKERS
    return ["web"] if many == 1 else [f"web-{number}" for number in range(1, many + 1)]


def web_socket(name: str) -> Path:
    """Return the socket on which the web process of this name listens."""
    return Path(settings.RUN_DIR / f"{name}.sock")


def programs(only: Role | None = None) -> list[Program]:
    """Return the programs, or only those of one role, in the order of their start; they stop in the opposite order."""
    run = settings.RUN_DIR
    prefixed = str(TEMPLATES / "prefixed")
    redis = [prefixed, "redis", "redis-server", "--port", "0", "--unixsocket", str(settings.REDIS_SOCKET)]
    redis += ["--unixsocketperm", "700", "--dir", str(run), "--save", "", "--appendonly", "no"]
    redis += ["--daemonize", "no", "--loglevel", "warning"]
    own_redis = [] if settings.REDIS_URL else [Program(name="redis", arguments=tuple(redis))]
    every = [
        *own_redis,
        *(Program(name=name, arguments=(*MANAGE, "web", name)) for name in web_names()),
        Program(name="worker", arguments=(*MANAGE, "worker"), role=Role.HOST),
        Program(name="watch", arguments=(*MANAGE, "watch"), role=Role.HOST),
        Program(name="sweep", arguments=(*MANAGE, "sweep")),
        Program(name="console", arguments=(*MANAGE, "console"), role=Role.HOST, stop_group=True),
        Program(
            name="front", arguments=(prefixed, "front", "nginx", "-e", "stderr", "-c", f"{run}/nginx.conf")
        ),
    ]
    return [program for program in every if only in {None, program.role}]


def render(only: Role | None = None) -> Path:
    """Write nginx.conf and supervisord.conf into the run folder. Return the path of the latter.

    Raise ImproperlyConfigured for a data folder that the two programs could not use.
    """
    run = settings.RUN_DIR
    _check_folder(run)
    user = pwd.getpwuid(os.getuid()).pw_name if os.getuid() == 0 else ""
    outer_proxies = env.read("MERIDIAN_PROXIES") - 1
    values = {
        "base": settings.BASE_DIR,
        "data": settings.DATA_DIR,
        "run": run,
        "user": user,
        "listen": settings.LISTEN,
        "seen_from_outside": rf"(?<seen>[^ ,]+)(?: *, *[^ ,]+){{{outer_proxies - 1}}}$"
        if outer_proxies > 0
        else "",
        "open_files": open_files(),
        "most_requests": MOST_REQUESTS,
        "body_limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        "streamed_paths": settings.STREAMED_PATHS,
        "piece_paths": settings.PIECE_PATHS,
        "piece_limit": PIECE_BYTES,
        "web_sockets": [web_socket(name) for name in web_names()],
        "console_sockets": [(part.value, part.socket) for part in Part],
        "programs": programs(only),
        "group": ",".join(program.name for program in programs(only) if program.name != "redis"),
    }
    engine = Engine(dirs=[str(TEMPLATES)], autoescape=False)
    for name in ("nginx.conf", "supervisord.conf"):
        (run / name).write_text(engine.get_template(name).render(Context(values, autoescape=False)))
    return Path(run / "supervisord.conf")


def open_files() -> int:
    """Return how many files a process may have open: as many as there may be, so that unfinished requests fill nothing."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)


def _check_folder(run: Path) -> None:
    for folder in (run, settings.BASE_DIR):
        if strange := sorted(set(str(folder)) & set("\"'$%;\\\n")):
            raise ImproperlyConfigured(
                f"The folder {folder} has {' '.join(strange)} in its name, which nginx and supervisord misread. "
                "Use another folder, for the data by MERIDIAN_DATA."
            )
    if len(os.fsencode(run / "console.sock")) > LONGEST_SOCKET:
        raise ImproperlyConfigured(
            f"The name of the folder {run} is too long for sockets in it. Set MERIDIAN_DATA to a shorter one."
        )
