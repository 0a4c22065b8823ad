"""What rests on locks, clocks and the database's own rules holds on PostgreSQL as it does on SQLite."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.postgres import Cluster

LOCKS = (
    "tests/accounts/test_epochs.py",
    "tests/accounts/test_quotas.py",
    "tests/accounts/test_names_taken.py",
    "tests/accounts/test_stored_credentials.py",
    "tests/compute/networks/test_addresses.py",
    "tests/compute/engine/test_due.py",
    "tests/compute/engine/test_holds.py",
    "tests/compute/engine/test_leases.py",
)
REST = (
    "tests/accounts/test_authentication.py",
    "tests/accounts/test_setup.py",
    "tests/accounts/test_quota_requests.py",
    "tests/accounts/test_audit_log.py",
    "tests/accounts/test_directory.py",
    "tests/compute/engine/test_engine.py",
    "tests/compute/engine/test_stuck.py",
    "tests/compute/engine/test_whatever_fails.py",
    "tests/compute/instances/test_launch.py",
    "tests/compute/instances/test_scheduler.py",
    "tests/compute/test_reach.py",
)
TABLES = (
    "tests/compute/test_large_tables.py",
    "tests/compute/test_lists.py",
    "tests/compute/test_retention.py",
)


@pytest.mark.proof
@pytest.mark.timeout(900)  # beside tests on machines it gets little of the processors
@pytest.mark.parametrize("files", [LOCKS, REST, TABLES], ids=["locks", "rest", "tables"])
def test_the_core_holds_on_postgresql(postgres: Cluster, files: tuple[str, ...], tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": postgres.create(f"core{len(files)}")}
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *files]
    output = tmp_path / "output"
    with output.open("w") as file:
        try:
            status: int | None = subprocess.run(
                command, cwd=settings.BASE_DIR, env=environment, stdout=file, timeout=800, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            status = None
    said = output.read_text()
    assert status == 0, said[-8000:]
    assert "Error when trying to teardown" not in said
