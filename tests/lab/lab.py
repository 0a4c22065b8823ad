"""Two pretend hosts on this machine and one portal: each host has its own libvirt, network cards and processes.

PostgreSQL and Redis are reached by sockets, the hosts' consoles by TCP. A host is a process: with it goes all of it.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import libvirt

from tests import halting_image, tiny_image
from tests.freezing import frozen
from tests.postgres import Cluster
from tests.stack import BASE, START_SECONDS, Browserless, Stack, free_network, wait_for

SCRIPT = Path(__file__).with_name("host.sh")
ALONE = "unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc"
CONSOLE_PORT = 8100
ADOPT = """
from pathlib import Path
from compute.images.services import image_files
image_files.adopt(Path({file!r}), "halting", visibility="public")
"""


class Host:
    """A pretend host. `start` and `kill` are its power switch: what is on its disks stays."""

    def __init__(self, lab: "Lab", number: int) -> None:
        self.lab = lab
        self.name = f"lab-{number}"
        self.folder = lab.root / self.name
        self.log = lab.root / f"{self.name}.log"
        self._wire = f"{lab.short}-{number}"
        self._address = lab.wires[number + 1]
        self._mac = f"02:00:00:00:00:{number:02x}"  # a machine's card has the same at each boot
        self.environment = lab.environment | {
            "MERIDIAN_HOST": self.name,
            "MERIDIAN_DATA": str(self.folder / "data"),
            "MERIDIAN_STORAGE": str(self.folder / "storage"),
            "MERIDIAN_CONSOLE_LISTEN": f"{self._address}:{CONSOLE_PORT}",
            "REDIS_URL": f"unix://{lab.root}/data/run/redis.sock",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._init = 0

    # ── Power ────────────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Boot; `wait` waits until it takes instances."""
        self.folder.mkdir(mode=0o711, exist_ok=True)
        shutil.rmtree(self.folder / "run", ignore_errors=True)  # as /run at a boot
        # Whatever ends the tests ends the host.
        alone = ["setpriv", "--pdeathsig", "KILL", *ALONE.split()]
        images = self.lab.root / "storage" / "images"
        script = ["bash", SCRIPT, self.folder, images, f"{self._address}/24", sys.executable]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*alone, *script], cwd=BASE, env=self.environment, stdout=log, stderr=log
            )
        self._init = wait_for(lambda: _children(self._process.pid), f"{self.name} to begin", pause=0.02)[0]
        peer = ["peer", "name", "wire", "address", self._mac, "netns", str(self._init)]
        _ip("link", "add", self._wire, "type", "veth", *peer)
        _ip("link", "set", self._wire, "master", self.lab.short, "up")

    def kill(self) -> None:
        """Cut the power: everything in it dies at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):  # it may have failed to boot
                os.kill(self._init or self._process.pid, signal.SIGKILL)
            self._process.wait(30)  # pid 1 ends after all the others
            subprocess.run(["ip", "link", "delete", self._wire], capture_output=True, check=False)
            self._process, self._init = None, 0

    def wait(self) -> None:
        """Wait until the portal says that all of the host is there."""
        wait_for(self.is_up, f"{self.name} to be up:\n{self.tail()}", START_SECONDS)

    def is_up(self) -> bool:
        """Return whether its row says so and all its processes beat."""
        assert self._process is not None
        assert self._process.poll() is None, self.tail()
        beating = self.lab.rows(
            "select distinct process from compute_heartbeat join compute_hypervisor on host = name "
            "where name = ? and state = 'up' and process <> 'queue' and at > now() - interval '14 seconds'",
            self.name,
        )
        return {row["process"] for row in beating} == {"worker", "watch", "console"}

    # ── What is in it ────────────────────────────────────────────────────────────────────────
    def connect(self) -> libvirt.virConnect:
        """Return a connection to its libvirt."""
        return libvirt.open(f"qemu+unix:///system?socket={self.folder}/run/libvirt/libvirt-sock")

    def guests(self) -> dict[str, bool]:
        """Return the ids of the guests that its libvirt knows, and whether each runs."""
        connection = self.connect()
        try:
            return {domain.UUIDString(): bool(domain.isActive()) for domain in connection.listAllDomains()}
        finally:
            connection.close()

    def processes(self, program: str) -> list[int]:
        """Return the ids of a program's main process and of its children, as seen from outside."""
        for process in _descendants(self._init):
            try:
                command = Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if command == f"meridian: {program}".encode() or command.split(b"\0")[0] == program.encode():
                return [process, *_descendants(process)]
        raise AssertionError(f"no process of {program} runs on {self.name}")

    @contextmanager
    def frozen(self, program: str) -> Iterator[None]:
        """Inside, the program and its children stand still."""
        with ExitStack() as all_of_them:
            for process in self.processes(program):
                all_of_them.enter_context(frozen(process))
            yield

    def kill_program(self, program: str) -> None:
        """SIGKILL to the main process; what keeps it alive starts another one."""
        os.kill(self.processes(program)[0], signal.SIGKILL)

    def start_libvirtd(self) -> None:
        inside = ["nsenter", "--target", str(self._init), "--all"]
        daemon = ["libvirtd", "--daemon", "--pid-file", "/run/libvirt/libvirtd.pid"]
        subprocess.run([*inside, *daemon], check=True)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:]) if self.log.exists() else ""


class Lab(Stack):
    """An installation whose portal is on this machine and whose guests are on pretend hosts."""

    arguments = ("up", "--only", "portal")

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(
            from_nothing=True,
            DATABASE_URL=cluster.create(f"lab{secrets.token_hex(3)}"),
            MERIDIAN_HOST="portal",
            MERIDIAN_SECRET_KEY=secrets.token_hex(32),
            MERIDIAN_LEASE="5",
            MERIDIAN_STOP_GRACE="1",
        )
        self.short = f"lab{secrets.token_hex(3)}"
        self.wires = free_network()
        tiny_image.lay_ready(self.root / "storage" / "images")
        self.hosts = [Host(self, number) for number in (1, 2)]

    def start(self) -> None:
        super().start()
        _ip("link", "add", self.short, "type", "bridge")
        _ip("addr", "add", f"{self.wires[1]}/24", "dev", self.short)
        _ip("link", "set", self.short, "up")
        for host in self.hosts:
            host.start()
        file = halting_image.write_qcow2(self.root / "storage" / "halting.qcow2")
        self.manage("shell", "-c", ADOPT.format(file=str(file)))
        for host in self.hosts:
            host.wait()

    def remove(self) -> None:
        """Cut the power of all hosts, with which their guests and networks go, and remove the rest, whatever fails."""
        self._was_up = False  # nothing of it is in this machine's own libvirt
        with ExitStack() as last_first:
            last_first.callback(super().remove)
            delete = ["ip", "link", "delete", self.short]
            last_first.callback(subprocess.run, delete, capture_output=True, check=False)
            for host in self.hosts:
                last_first.callback(host.kill)

    def image(self, name: str) -> str:
        return str(uuid.UUID(self.rows("select id from compute_image where name = ?", name)[0]["id"]))

    def operations(self, instance: str) -> list[dict[str, Any]]:
        """Return the operations of an instance, oldest first."""
        return self.rows("select * from compute_operation where subject_id = ? order by created_at", instance)

    def launch(self, admin: Browserless, name: str, host: Host, image: str = "halting") -> dict[str, Any]:
        """Launch on a host and wait until it runs."""
        answer = admin.launch(self, name, image_id=self.image(image), availability_zone=f"nova:{host.name}")
        assert answer.status == 200, answer.text
        return self.wait_for_state(name, "active", 120)

    def do(
        self, admin: Browserless, instance: str, verb: str, state: str, /, **fields: Any
    ) -> dict[str, Any]:
        """Do something to an instance and wait until it is in the state."""
        path = f"/instances/{self.instance(instance)['uuid']}/actions/{verb}/"
        answer = admin.post(path, **fields)
        assert answer.status == 200, answer.text
        return self.wait_for_state(instance, state, 120)


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _descendants(process: int) -> list[int]:
    found = _children(process)
    for child in found:
        found += _children(child)
    return found


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
