"""OpenStack's object storage as one would run it on one machine: four servers, one disk, everything on loopback."""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.stack import PASSWORD, wait_for

SERVERS = ("account", "container", "object")
HEAD = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = root
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
log_address = {folder}/no-log
"""
STORAGE = """
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
fallocate_reserve = 0
"""
PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper authtoken s3api s3token keystoneauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
auth_type = password
auth_url = {identity}
www_authenticate_uri = {identity}
username = swift
password = {password}
project_name = services
user_domain_id = default
project_domain_id = default
delay_auth_decision = true
[filter:s3api]
use = egg:swift#s3api
allow_multipart_uploads = false
[filter:s3token]
use = egg:swift#s3token
auth_uri = {identity}/v3
auth_type = password
auth_url = {identity}/v3
username = swift
password = {password}
project_name = services
user_domain_id = default
project_domain_id = default
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
"""


@dataclass(frozen=True, slots=True)
class Swift:
    """A running one: its address, and `url` as it stands in a catalog."""

    address: str

    @property
    def url(self) -> str:
        return f"{self.address}/v1/AUTH_%(tenant_id)s"


@contextmanager
def swift(programs: Path, folder: Path, identity: str) -> Iterator[Swift]:
    """Start it in `folder`, with `identity` as its Keystone and `swift` as its user there."""
    (folder / "disks" / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = meridian\n")
    ports = {kind: free_port() for kind in (*SERVERS, "proxy")}
    for kind in SERVERS:
        (folder / f"{kind}.conf").write_text(
            HEAD.format(port=ports[kind], folder=folder) + STORAGE.format(kind=kind)
        )
        _make_ring(programs, folder, kind, ports[kind])
    (folder / "proxy.conf").write_text(
        HEAD.format(port=ports["proxy"], folder=folder) + PROXY.format(identity=identity, password=PASSWORD)
    )
    processes = []
    try:
        for kind in ports:
            with (folder / f"{kind}.log").open("wb") as log:
                command = [programs / f"swift-{kind}-server", folder / f"{kind}.conf", "--verbose"]
                processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder))
        for kind, port in ports.items():
            wait_for(
                lambda port=port: _answers(port),
                f"Swift's {kind} server; see {(folder / f'{kind}.log').read_text()[-2000:]}",
            )
        yield Swift(f"http://127.0.0.1:{ports['proxy']}")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def _make_ring(programs: Path, folder: Path, kind: str, port: int) -> None:
    """Which part of all names lies where: all of them on the one disk."""
    builder = folder / f"{kind}.builder"
    for line in ("create 4 1 1", f"add r1z1-127.0.0.1:{port}/disk 1", "rebalance"):
        done = subprocess.run(
            [programs / "swift-ring-builder", builder, *line.split()],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
