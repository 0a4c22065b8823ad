"""A Redis of our own on a unix socket."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.waiting import wait_until


@contextmanager
def running(socket: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run one that answers, until the end; a test may freeze or kill it."""
    command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, cwd=socket.parent, stdout=subprocess.DEVNULL)
    try:
        # Its socket is there before it listens.
        with redis.Redis(unix_socket_path=str(socket)) as client:
            wait_until(lambda: _answers(server, client), "redis-server to answer")
        yield server
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait(10)


def _answers(server: subprocess.Popen[bytes], client: redis.Redis) -> bool:
    assert server.poll() is None, "redis-server ended at once; see its message above"
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
