"""A real console proxy with its own database and stand-in screens, for tests of what crosses the wire."""

import json
import os
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from websockets.sync.client import ClientConnection, unix_connect

from tests.warm import Command

ROOT = Path(__file__).resolve().parents[2]
LISTENS = b"console proxy listens"
FLOOD = b"x" * (64 << 20)
PUBLIC_URL = "http://cloud.example:8000"

SEED = """
import json
from accounts.context import for_user
from accounts.models import Assignment, Domain, Project, Role, User
from compute.instances.services import guests
from compute.models import Instance
from compute.hosts.services import local
from compute.instances.services import consoles
from compute.instances.states import VmState

domain, _ = Domain.objects.get_or_create(id="default", defaults={{"name": "Default"}})
project, _ = Project.objects.get_or_create(domain=domain, name="blue")
role, _ = Role.objects.get_or_create(name="member")
user, _ = User.objects.get_or_create(name="alice", domain=domain)
Assignment.objects.get_or_create(user=user, project=project, role=role)
context, passes = for_user(user, project.id), []
for number in range({count}):
    instance = Instance.objects.create(
        project=project, name=f"i{{number}}", vcpus=1, ram_mib=64, disk_gib=1, vm_state=VmState.ACTIVE,
        hypervisor=local.ensure(),
    )
    passes.append([consoles.issue(context, instance), str(guests.vnc_socket(instance))])
print(json.dumps(passes))
"""


class ConsoleLab:
    """`manage.py console` and all it needs, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "run" / "console.sock"
        self.log = folder / "log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONPATH": str(ROOT),
            "MERIDIAN_DATA": str(folder),
            "MERIDIAN_STORAGE": str(folder),
            "MERIDIAN_URL": PUBLIC_URL,
        }
        (folder / "sockets").mkdir()
        self.command = Command(sys.executable, "manage_command", self.environment)
        self.manage("migrate", "--verbosity", "0")
        self.start()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        with tempfile.TemporaryDirectory(prefix="console-") as folder:
            lab = cls(Path(folder))
            try:
                yield lab
            finally:
                lab.stop()
                lab.command.close()

    def manage(self, *arguments: str) -> str:
        """What `manage.py` prints in the lab's environment."""
        done = self.command.run(list(arguments), self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        with self.log.open("ab") as log:
            before = self.log.read_bytes().count(LISTENS)
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "console"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: self.log.read_bytes().count(LISTENS) > before)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(10)

    def passes(self, count: int = 1) -> list[tuple[str, Path]]:
        """So many new instances with a token and a screen's path for each."""
        said = self.manage("shell", "--verbosity", "0", "-c", SEED.format(count=count))
        return [(token, Path(path)) for token, path in json.loads(said)]

    def change(self, statement: str) -> None:
        """Run Python with the models at hand."""
        head = "from accounts.models import *; from compute.models import *; "
        self.manage("shell", "--verbosity", "0", "-c", head + statement)

    def connect(
        self,
        token: str,
        *,
        origin: str | None = None,
        host: str = "cloud.example:8000",
        path: str = "/console/",
        max_queue: int | None = None,
    ) -> ClientConnection:
        """A websocket through the proxy. Raises websockets' InvalidStatus when it is refused."""
        return unix_connect(
            str(self.socket),
            f"ws://{host}{path}?token={token}",
            origin=origin,
            subprotocols=["binary"],
            compression=None,
            close_timeout=1,
            max_size=None,
            max_queue=max_queue,
        )

    @property
    def proxy(self) -> int:
        """The process id of the proxy of screens on the socket."""
        return children(self.process.pid)[0]

    @property
    def connections(self) -> int:
        """How many the proxy carries: each has a thread beside the one that listens."""
        return len(list(Path(f"/proc/{self.proxy}/task").iterdir())) - 1


def children(parent: int) -> list[int]:
    """Process ids of a process's children."""
    found = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children")]
    return [int(pid) for pid in " ".join(found).split()]


@contextmanager
def screens(paths: list[Path]) -> Iterator[None]:
    """Stand-ins for QEMU's VNC servers: each greets as RFB does, then answers with its path, or "flood" with 64 MiB."""
    servers = [_Screen(str(path), _Greeting) for path in paths]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


class _Screen(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False


class _Greeting(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"RFB 003.008\n")
        try:
            while said := self.request.recv(65536):
                self.request.sendall(FLOOD if said == b"flood" else str(self.server.server_address).encode())
        except ConnectionError:
            return  # the proxy was killed


def ended(client: ClientConnection, seconds: float) -> bool:
    """Whether the other side ends the connection within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if client.protocol.state.name == "CLOSED":
            return True
        time.sleep(0.02)
    return False


def wait_until(condition, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
