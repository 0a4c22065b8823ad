"""A network namespace for Chromium, in which nothing comes or goes but the servers that tests look at.

Chromium drops its requests whenever an address of its network appears or disappears (ERR_NETWORK_CHANGED), which
every guest that starts or stops beside it makes happen.
"""

import asyncio
import secrets
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

# Runs inside the namespace: a listening socket belongs to where it was made, whoever accepts on it later.
LISTEN = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=256)
socket.send_fds(socket.socket(fileno=int(sys.argv[1])), [b"x"], [listener.fileno()])
"""


class Island:
    """Made and removed with `with`; `open` lets a server of ours be reached at the same address inside."""

    def __init__(self) -> None:
        self.name = f"meridian-{secrets.token_hex(4)}"
        self._loop = asyncio.new_event_loop()
        self._opened: set[int] = set()

    def __enter__(self) -> "Island":
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        threading.Thread(target=self._loop.run_forever, name="island", daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        subprocess.run(["ip", "netns", "delete", self.name], check=True)

    def wrapped(self, program: str, folder: Path) -> Path:
        """A program that starts this one inside."""
        wrapper = folder / Path(program).name
        wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {program} "$@"\n')
        wrapper.chmod(0o755)
        return wrapper

    def open(self, port: int) -> None:
        """Carry what arrives at this port of the loopback inside to the same one outside."""
        if port in self._opened:
            return
        self._opened.add(port)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            command = [sys.executable, "-c", LISTEN, str(theirs.fileno()), str(port)]
            inside = ["ip", "netns", "exec", self.name, *command]
            subprocess.run(inside, check=True, pass_fds=[theirs.fileno()])
            _word, (descriptor,), _flags, _address = socket.recv_fds(ours, 1, 1)
        listener = socket.socket(fileno=descriptor)

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                outside, inside = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                writer.transport.abort()
                return
            await asyncio.gather(_pump(reader, inside), _pump(outside, writer))
            inside.close()
            writer.close()

        serving = asyncio.start_server(carry, sock=listener)
        asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one end closes; what the other still has to say is carried too."""
    with suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
        writer.write_eof()
