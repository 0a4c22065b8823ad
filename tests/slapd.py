"""An LDAP directory of our own on a port of the loopback, in a folder of its own, with people in it."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accounts.federation import LdapServer
from tests.certificates import certify
from tests.ports import free_port

BASE = "dc=example,dc=org"
MANAGER = f"cn=manager,{BASE}"
MANAGER_PASSWORD = "keeper of the directory"
PASSWORD = "pass phrase of the directory"
ODD = "sam (temp)*"
"""A name that means something else in a filter."""
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
directory {folder}/data
suffix {base}
rootdn {manager}
rootpw {manager_password}
access to attrs=userPassword by anonymous auth by * none
access to * by users read
"""
PERSON = """
dn: uid={name},ou=people,{base}
objectClass: inetOrgPerson
uid: {name}
cn: {name}
sn: {name}
mail: {name}@example.org
userPassword: {password}
"""
TREE = """
dn: {base}
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups

dn: cn=operators,ou=groups,{base}
objectClass: groupOfNames
cn: operators
member: uid=lea,ou=people,{base}

dn: cn=others,ou=groups,{base}
objectClass: groupOfNames
cn: others
member: uid=lea,ou=people,{base}
"""


@dataclass(frozen=True, slots=True)
class Slapd:
    """A running directory with the people `lea`, `sam` and `ODD`; everybody's password is `PASSWORD`."""

    folder: Path
    port: int
    secure_port: int
    process: subprocess.Popen[bytes]

    @property
    def ca_file(self) -> str:
        return str(self.folder / "server.pem")

    def server(self, **changes: object) -> LdapServer:
        """What the settings would say about this directory."""
        given = {
            "url": f"ldap://localhost:{self.port}",
            "ca_file": self.ca_file,
            "bind_dn": MANAGER,
            "bind_password": MANAGER_PASSWORD,
            "base": f"ou=people,{BASE}",
            "group_base": f"ou=groups,{BASE}",
            "groups": frozenset({"operators"}),
        }
        return LdapServer(**(given | changes))  # type: ignore[arg-type]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Inside, the directory takes connections and never answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running() -> Iterator[Slapd]:
    """A started directory, removed at the end. The machine's own, if there is one, is not touched."""
    folder = Path(tempfile.mkdtemp(prefix="meridian-slapd-"))
    try:
        (folder / "data").mkdir()
        certify(folder)
        configuration = folder / "slapd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder, base=BASE, manager=MANAGER, manager_password=f'"{MANAGER_PASSWORD}"'
            )
        )
        # A copy: where AppArmor watches, it lets the installed one read the machine's own folders only.
        program = shutil.copy(_program(), folder / "slapd")
        people = [PERSON.format(name=name, base=BASE, password=PASSWORD) for name in ("lea", "sam", ODD)]
        subprocess.run(
            [program, "-T", "add", "-f", configuration],
            input="\n".join([TREE.format(base=BASE), *people]).encode(),
            check=True,
        )
        port, secure_port = free_port(), free_port()
        process = subprocess.Popen(
            [
                program,
                "-f",
                configuration,
                "-h",
                f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{secure_port}",
                "-d",
                "0",
            ]
        )
        try:
            _wait_for_answer(port, process)
            yield Slapd(folder, port, secure_port, process)
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder)


def _program() -> str:
    found = shutil.which("slapd", path="/usr/sbin:/usr/libexec:/usr/lib/openldap")
    if found is None:
        raise FileNotFoundError("OpenLDAP's server is missing: `deploy/install dev` brings it")
    return found


def _wait_for_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None, "slapd ended at once; see its message above"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.05)
        else:
            return
