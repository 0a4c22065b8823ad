"""What a host's console process serves beside screens: serial ports by websocket, answers to web processes by HTTP."""

import asyncio
import os
import socket
from pathlib import Path

import structlog
import uvicorn
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.db import DatabaseError
from django.urls import path

from accounts.same_origin import SameOrigin
from accounts.unknown_socket import Unknown
from compute.console import answers
from compute.console.passes import Passes
from compute.console.serial import Serial
from compute.engine.services import heartbeats
from compute.hosts.services.console_addresses import Part

log = structlog.get_logger(__name__)

SOCKET_MODE = 0o600

websockets = [
    path("ws/serial/<uuid:host_id>/<uuid:instance_id>/", Serial.as_asgi()),
    path("<path:anything>", Unknown.as_asgi()),
]
application = ProtocolTypeRouter(
    {
        "http": answers.http,
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websockets))),
    }
)


class HostServer(uvicorn.Server):
    """uvicorn that says now and then that this host's console process is alive."""

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        tasks = [asyncio.create_task(_keep_beating()), asyncio.create_task(Passes().serve())]
        for task in tasks:
            task.add_done_callback(self._end_with)
        try:
            await super().main_loop()
        finally:
            for task in tasks:
                task.cancel()

    def _end_with(self, task: asyncio.Task[None]) -> None:
        """End once a part has failed, so that the supervisor starts all again."""
        if not task.cancelled() and (error := task.exception()):
            log.error("the console process cannot go on", error=str(error))
            self.should_exit = True


def server() -> HostServer:
    """Return the server; `run` it with its sockets."""
    config = uvicorn.Config(
        application,
        lifespan="off",
        access_log=False,
        log_config=None,
        forwarded_allow_ips="*",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    return HostServer(config)


def sockets() -> list[socket.socket]:
    """Return listening sockets for this machine and, where the settings say so, for others."""
    listening = [_local(Part.HOST.socket)]
    if settings.CONSOLE_LISTEN:
        ip, port = Part.HOST.address(settings.CONSOLE_LISTEN)
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        listening.append(socket.create_server((ip, port), family=family))
    return listening


def _local(where: Path) -> socket.socket:
    where.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.fspath(where))
    where.chmod(SOCKET_MODE)
    listening.listen()
    return listening


async def _keep_beating() -> None:
    """Say so while screens are served too, soon after they are at the start."""
    while True:
        served = await _accepts(Part.SCREENS.socket)
        if served:
            try:
                await database_sync_to_async(heartbeats.beat)("console")
            except DatabaseError as error:
                log.warning("no heartbeat", error=str(error))
        await asyncio.sleep(heartbeats.BEAT_SECONDS if served else 1)


async def _accepts(where: Path) -> bool:
    """Return whether something listens on the socket."""
    try:
        _reader, writer = await asyncio.open_unix_connection(where)
    except OSError:
        return False
    writer.close()
    return True
