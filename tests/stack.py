"""A whole installation of its own, as `make up` starts it, for tests that look from outside."""

import http.cookiejar
import ipaddress
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import libvirt
import psycopg
import psycopg.rows

from tests import halting_image, migrated, static_files, tiny_image
from tests.guests import guest_roots
from tests.ports import free_port
from tests.warm import Command

BASE = Path(__file__).parents[1]
URI = "qemu:///system"
PASSWORD = "correct horse battery staple"
START_SECONDS = 120
QUICK_HASHES = {"DJANGO_SETTINGS_MODULE": "tests.quick_hashes"}
"""For an installation in which many sign in: half a second of both processors for each, as people have it."""
ADOPT_HALTING = """
from pathlib import Path
from compute.images.services import image_files
print(image_files.adopt(Path({path!r}), "Halting", min_disk_gib=1, properties={{"os_shutdown_timeout": "0"}}).pk)
"""
"""Its guests hear no power button, so they are given no time to obey it."""
EVERYTHING = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


def wait_for(true: Callable[[], Any], what: str, seconds: float = 60, pause: float = 0.1) -> Any:
    """The first true answer, or a failure that says what was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(pause)
    return answer


class Stack:
    """Its own data, storage, port, network and guests; `remove` leaves nothing behind.

    Its start finds the tiny image, the database's tables and the static files ready, unless it begins `from_nothing`.
    Of one that is `halting`, people launch guests that only have to run, unless they say otherwise.
    """

    arguments: tuple[str, ...] = ("up",)

    def __init__(self, *, from_nothing: bool = False, halting: bool = False, **environment: str) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="meridian-"))
        self.root.chmod(0o711)
        guest_roots.add(str(self.root))
        self.failpoints = self.root / "failpoints"
        self.failpoints.mkdir()
        self.log = self.root / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "MERIDIAN_DATA": str(self.root / "data"),
            "MERIDIAN_STORAGE": str(self.root / "storage"),
            "MERIDIAN_LISTEN": f"127.0.0.1:{self.port}",
            "MERIDIAN_URL": self.url,
            "MERIDIAN_NETWORK": str(free_network()),
            "MERIDIAN_FAILPOINTS": str(self.failpoints),
            "MERIDIAN_LEASE": "3",
            "MERIDIAN_STOP_GRACE": "20",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._command: Command | None = None
        self._was_up = False
        self._halts = halting
        if not from_nothing:
            tiny_image.lay_ready(self.root / "storage" / "images")
            migrated.lay_ready(self.root / "data")
            static_files.lay_ready(self.root / "data")

    # ── Start and stop ───────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Start and wait until the sign-in page is served."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *self.arguments],
                cwd=BASE,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(self._is_up, f"the portal to start; its log ends:\n{self.tail()}", START_SECONDS)
        self._was_up = True

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the portal ended:\n{self.tail()}"
        return "Meridian is up" in self.log.read_text(errors="replace")

    def stop(self) -> None:
        """What Ctrl-C does: the portal ends, guests run on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        """Stop, and remove every guest, pool, network and file of this installation."""
        self.stop()
        if self._was_up:
            connection = libvirt.open(URI)
            for domain in self.guests(connection):
                if domain.isActive():
                    domain.destroy()
                domain.undefineFlags(EVERYTHING)
            short = self.rows("select id from accounts_installation")[0]["id"][:8]
            for kind in (connection.listAllStoragePools(), connection.listAllNetworks()):
                for thing in kind:
                    if short in thing.name():
                        if thing.isActive():
                            thing.destroy()
                        thing.undefine()
            connection.close()
        if self._command is not None:
            self._command.close()
        shutil.rmtree(self.root)

    def tail(self, lines: int = 40) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def pid(self, program: str) -> int:
        """The process id of one of the supervised programs."""
        assert self.process is not None
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if command.startswith((f"meridian: {program}".encode(), program.encode())):
                return int(child)
        raise AssertionError(f"no process of {program} runs")

    @contextmanager
    def holding(self, program: str) -> Iterator[None]:
        """Inside, the program and its children stand still, so that a page can be there before work begins."""
        parent = self.pid(program)
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        processes = [parent, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    # ── What the installation knows ──────────────────────────────────────────────────────────
    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Read the database; `?` stands for a value, ids are hexadecimal digits."""
        if url := self.environment["DATABASE_URL"]:
            user, _, place = url.removeprefix("postgres://").partition("@/")
            folder, name = place.rsplit("/", 1)
            with psycopg.connect(
                host=folder, user=user, dbname=name, row_factory=psycopg.rows.dict_row
            ) as server:
                found = server.execute(query.replace("?", "%s"), values).fetchall()
            return [
                {key: value.hex if isinstance(value, uuid.UUID) else value for key, value in row.items()}
                for row in found
            ]
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query, values)]
        finally:
            connection.close()

    def instance(self, name: str) -> dict[str, Any]:
        """The newest row of an instance of this name; ids as UUIDs are written."""
        row = self.rows(
            "select *, (select address from compute_port where instance_id = compute_instance.id) as address "
            "from compute_instance where name = ? order by created_at desc limit 1",
            name,
        )[0]
        row["uuid"] = str(uuid.UUID(row["id"]))
        return row

    @property
    def database(self) -> Path:
        """SQLite's file."""
        return self.root / "data" / "meridian.sqlite3"

    @property
    def pool(self) -> Path:
        """The folder of the installation's disks."""
        return self.root / "storage/pool"

    def disks(self, instance_id: str) -> dict[str, str]:
        """Volume → role of an instance's disks, by their rows; the id as UUIDs are written."""
        rows = self.rows(
            "select id, role from compute_disk where instance_id = ?", instance_id.replace("-", "")
        )
        return {f"disk-{uuid.UUID(row['id'])}": row["role"] for row in rows}

    @cached_property
    def linux(self) -> str:
        """The id of the tiny image."""
        return str(self.rows("select id from compute_image where name = 'Tiny Linux'")[0]["id"])

    @cached_property
    def halting(self) -> str:
        """The id of an image whose guests only run, added when somebody first asks."""
        path = halting_image.write_qcow2(self.root / "storage" / "halting.qcow2")
        return self.manage("shell", "-v", "0", "-c", ADOPT_HALTING.format(path=str(path))).stdout.strip()

    @property
    def usual_image(self) -> str:
        """The id of the image that is launched unless somebody says otherwise."""
        return self.halting if self._halts else self.linux

    def stray_volumes(self) -> set[str]:
        """Volumes in the pool that no row of a disk names; copies of images are none."""
        rows = self.rows("select id from compute_disk")
        known = {f"disk-{uuid.UUID(row['id'])}" for row in rows}
        there = {file.name for file in self.pool.iterdir() if not file.name.startswith(".")}
        return {name for name in there - known if not name.startswith("image-")}

    def wait_for_state(self, name: str, vm_state: str, seconds: float = 60) -> dict[str, Any]:
        """The instance once it has settled in this state."""

        def settled() -> dict[str, Any] | None:
            row = self.instance(name)
            return row if (row["vm_state"], row["task_state"]) == (vm_state, None) else None

        try:
            return wait_for(settled, f"{name} to be {vm_state}", seconds, pause=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self._story(name)}") from None

    def _story(self, name: str) -> str:
        """Where an instance is and how it came there."""
        row = self.instance(name)
        operations = self.rows(
            "select kind, state, step, timeline, error, attempt, due_at, lease_until "
            "from compute_operation where subject_id = ? order by created_at",
            row["id"],
        )
        lines = [f"it is {row['vm_state']}, {row['task_state']}", *map(str, operations[-3:]), self.tail()]
        return "\n".join(lines)

    def guests(self, connection: libvirt.virConnect) -> list[libvirt.virDomain]:
        """The libvirt domains that are this installation's."""
        uuids = {row["id"] for row in self.rows("select id from compute_instance")}
        return [
            domain for domain in connection.listAllDomains() if domain.UUIDString().replace("-", "") in uuids
        ]

    def manage(self, *arguments: str, check: bool = True, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run `manage.py` in this installation."""
        self._command = self._command or Command(sys.executable, "manage_command", self.environment)
        done = self._command.run(list(arguments), self.environment, text)
        assert done.returncode == 0 or not check, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def audit(self) -> str:
        """What `manage.py audit` prints: nothing, if all is well."""
        return self.manage("audit", check=False).stdout

    def bootstrap(self) -> "Browserless":
        """Make the administrator and sign in."""
        self.manage("bootstrap", "--admin", "admin", "--password-file", "-", text=PASSWORD)
        return self.sign_in("admin")

    def sign_in(self, name: str) -> "Browserless":
        session = Browserless(self.url)
        assert session.post("/sign-in/", name=name, password=PASSWORD).status == 200
        return session


class Answer:
    """An HTTP answer, read to its end."""

    def __init__(self, status: int, headers: Any, body: bytes, url: str) -> None:
        self.status, self.headers, self.body, self.url = status, headers, body, url

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


class Browserless:
    """A signed-in person without a browser: cookies, CSRF, forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str, **headers: str) -> Answer:
        return self._open(urllib.request.Request(self.url + path, headers=headers))

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        """Post a form, with the token that the page would have sent."""
        token = next((cookie.value for cookie in self.cookies if cookie.name == "csrf"), None)
        if token is None:
            self.get("/sign-in/")
            token = next((cookie.value for cookie in self.cookies if cookie.name == "csrf"), "")
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}, doseq=True).encode()
        return self._open(
            urllib.request.Request(
                self.url + path,
                data=body,
                headers={"Origin": self.url, "Referer": self.url} | (headers or {}),
            )
        )

    def launch(self, stack: Stack, name: str, **fields: Any) -> Answer:
        """Launch the installation's usual image in the tiny size."""
        form = {"name": name, "flavor_id": "1", "count": "1"} | fields
        if "image_id" not in form:
            form["image_id"] = stack.usual_image
        return self.post("/instances/launch/", **{"key": secrets.token_hex(16)} | form)

    def act(self, stack: Stack, name: str, verb: str, **fields: Any) -> Answer:
        return self.post(f"/instances/{stack.instance(name)['uuid']}/actions/{verb}/", **fields)

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read(), response.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(), error.url or "")


@contextmanager
def running(*, from_nothing: bool = False, halting: bool = False, **environment: str) -> Iterator[Stack]:
    """A started installation, removed at the end whatever happens."""
    stack = Stack(from_nothing=from_nothing, halting=halting, **environment)
    try:
        stack.start()
        yield stack
    finally:
        stack.remove()


def free_network() -> ipaddress.IPv4Network:
    """A network of 256 addresses that this host has no route to."""
    routes = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True, check=True).stdout
    while True:
        network = ipaddress.IPv4Network(f"10.{secrets.randbelow(56) + 200}.{secrets.randbelow(256)}.0/24")
        if str(network) not in routes:
            return network
