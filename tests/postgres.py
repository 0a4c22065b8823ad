"""A PostgreSQL of a test run's own: nobody else's data, no port, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

USER = "meridian"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server that listens on a socket in `folder`."""

    folder: Path

    def create(self, name: str) -> str:
        """Make an empty database; returns its DATABASE_URL."""
        with psycopg.connect(
            host=str(self.folder), user=USER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgres://{USER}@/{self.folder}/{name}"

    def restart(self) -> None:
        """As after a power cut: every connection is gone, and nothing was said goodbye to."""
        _as_postgres(
            _programs() / "pg_ctl",
            "restart",
            "-w",
            "-D",
            self.folder / "data",
            "-l",
            self.folder / "log",
            "-m",
            "immediate",
        )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server; it keeps nothing safe, which makes it fast."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="meridian-postgres-"))
    data = folder / "data"
    options = f"-h '' -k {folder} -c fsync=off -c full_page_writes=off -c max_connections=100"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _as_postgres(
            programs / "initdb",
            "-D",
            data,
            "-U",
            USER,
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        )
        _as_postgres(programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        try:
            yield Cluster(folder)
        finally:
            _as_postgres(programs / "pg_ctl", "stop", "-w", "-D", data, "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where the newest installed server's programs are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL's server is missing: apt-get install postgresql")
    return found[-1].parent


def _as_postgres(*command: str | Path) -> None:
    """PostgreSQL refuses to run as root, so root runs it as its own user."""
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*become, *command], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} failed: {done.stdout}{done.stderr}"
