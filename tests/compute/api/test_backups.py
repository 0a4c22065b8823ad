"""Backups, as clients of the Block Storage API meet them."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from accounts.context import Context
from accounts.models import Project, User
from accounts.services import quotas
from compute.engine.models import Operation
from compute.instances.models import Instance
from compute.volumes.models import Backup, Volume
from compute.volumes.services import backup_files, backups
from portal import file_storage
from tests import factories
from tests.compute.api.volume_calls import NEWEST, BlockStorage, block_storage_of
from tests.worker import work

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def volume(blue: Project) -> Volume:
    row: Volume = factories.VolumeFactory(project=blue, name="data", size_gib=2)
    return row


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """The folder of backups."""
    storages = settings.STORAGES | {"backups": file_storage.storage("BACKUPS", tmp_path)}
    with override_settings(STORAGES=storages):
        yield tmp_path


def request(volume: Volume, **fields: object) -> dict[str, object]:
    return {"backup": {"volume_id": str(volume.pk)} | fields}


def used(project: Project) -> tuple[int, int]:
    rows = {usage.resource.name: usage.used for usage in quotas.project_usage(project)}
    return rows["backups"], rows["backup_gigabytes"]


def test_one_is_made_and_counted(volumes: BlockStorage, volume: Volume, blue: Project) -> None:
    made = volumes.post("backups", request(volume, name="monday", metadata={"a": "b"}), 202)["backup"]
    assert (made["name"], set(made)) == ("monday", {"id", "name", "links"})
    shown = volumes.get(f"backups/{made['id']}")["backup"]
    assert (shown["status"], shown["size"], shown["volume_id"]) == ("creating", 2, str(volume.pk))
    assert (shown["is_incremental"], shown["metadata"], shown["fail_reason"]) == (False, {"a": "b"}, None)
    assert volumes.get(f"volumes/{volume.pk}")["volume"]["status"] == "backing-up"
    operation = Operation.objects.get(subject_id=made["id"])
    assert {hold.resource_id for hold in operation.held} == {operation.subject_id, volume.pk}
    assert used(blue) == (1, 2)
    volumes.post("backups", request(volume), 400)
    volumes.delete(f"volumes/{volume.pk}", 400)
    volumes.delete(f"backups/{made['id']}", 400)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"volume_id": UNKNOWN}, 404),
        ({"volume_id": "x"}, 400),
        ({"name": "a\nb"}, 400),
        ({"name": "a" * 256}, 400),
        ({"incremental": True}, 400),
        ({"incremental": "perhaps"}, 400),
        ({"snapshot_id": UNKNOWN}, 404),
        ({"metadata": {"a": 1}}, 400),
    ],
)
def test_what_makes_none(
    volumes: BlockStorage, volume: Volume, fields: dict[str, object], status: int
) -> None:
    volumes.post("backups", request(volume, **fields), status)
    assert not Backup.objects.exists()
    volume.refresh_from_db()
    assert volume.task_state is None


def test_an_increment_stands_on_what_the_disk_has_noted(volumes: BlockStorage, volume: Volume) -> None:
    full = factories.BackupFactory(volume=volume)
    made = volumes.post("backups", request(volume, incremental=True), 202)["backup"]
    assert volumes.get(f"backups/{made['id']}")["backup"]["is_incremental"]
    assert volumes.get(f"backups/{full.pk}")["backup"]["has_dependent_backups"]
    assert "Delete them first" in volumes.delete(f"backups/{full.pk}", 400)["badRequest"]["message"]


def test_an_increment_has_all_data_if_the_disk_has_noted_nothing(
    volumes: BlockStorage, volume: Volume
) -> None:
    factories.BackupFactory(volume=volume, checkpoint_in="another-file")
    made = volumes.post("backups", request(volume, incremental=True), 202)["backup"]
    assert not volumes.get(f"backups/{made['id']}")["backup"]["is_incremental"]


def test_a_used_volume_needs_force(
    volumes: BlockStorage, server: Instance, alice: User, blue: Project
) -> None:
    volume = factories.AttachmentFactory(instance=server).volume
    volumes.post("backups", request(volume), 400)
    made = volumes.post("backups", request(volume, force=True), 202)["backup"]
    held = {hold.resource_id for hold in Operation.objects.get(subject_id=made["id"]).held}
    assert server.pk in held, "nothing else touches the guest meanwhile"


def test_one_of_a_snapshot(volumes: BlockStorage, volume: Volume) -> None:
    snapshot = factories.VolumeSnapshotFactory(volume=volume)
    made = volumes.post("backups", request(volume, snapshot_id=str(snapshot.pk), incremental=True), 202)
    shown = volumes.get(f"backups/{made['backup']['id']}")["backup"]
    assert (shown["snapshot_id"], shown["is_incremental"]) == (str(snapshot.pk), False)
    other = factories.VolumeFactory(project=volume.project)
    volumes.post("backups", request(other, snapshot_id=str(snapshot.pk)), 400)


def test_lists(volumes: BlockStorage, volume: Volume, bob: User, red: Project) -> None:
    for name in ("monday", "tuesday"):
        factories.BackupFactory(volume=volume, name=name)
    factories.BackupFactory(volume=factories.VolumeFactory(project=volume.project), status="error")
    assert len(volumes.get("backups")["backups"]) == 3
    assert [row["name"] for row in volumes.get("backups?name=tuesday")["backups"]] == ["tuesday"]
    assert len(volumes.get("backups/detail?status=error")["backups"]) == 1
    listed = volumes.get(f"backups/detail?volume_id={volume.pk}&sort=name:asc")["backups"]
    assert [row["name"] for row in listed] == ["monday", "tuesday"]
    page = volumes.get("backups?limit=1&with_count=1")
    assert (len(page["backups"]), page["count"], len(page["backups_links"])) == (1, 3, 1)
    foreign = block_storage_of(bob, red).at(NEWEST)
    assert foreign.get("backups")["backups"] == []
    foreign.get(f"backups/{listed[0]['id']}", 404)


@pytest.mark.parametrize("path", ["backups/detail", "snapshots/detail"])
def test_lists_cost_as_many_queries_with_few_rows_as_with_many(
    volumes: BlockStorage, volume: Volume, path: str
) -> None:
    costs = set()
    volumes.get(path)  # reads the token once
    for _round in range(3):
        factories.BackupFactory(volume=volume)
        factories.VolumeSnapshotFactory(volume=volume)
        with CaptureQueriesContext(connection) as queries:
            volumes.get(path)
        costs.add(len(queries))
    assert len(costs) == 1


def test_one_is_changed(volumes: BlockStorage, volume: Volume) -> None:
    backup = factories.BackupFactory(volume=volume)
    path = f"backups/{backup.pk}"
    assert volumes.put(path, {"backup": {"name": "new", "metadata": {"k": "v"}}})["backup"]["name"] == "new"
    assert volumes.get(path)["backup"]["metadata"] == {"k": "v"}
    volumes.put(path, {"backup": {"name": "a\nb"}}, 400)


def test_old_versions_show_less(volumes: BlockStorage, volume: Volume) -> None:
    backup = factories.BackupFactory(volume=volume)
    oldest = volumes.at("3.0").get(f"backups/{backup.pk}")["backup"]
    assert not {"metadata", "user_id", "os-backup-project-attr:project_id"} & set(oldest)


def test_one_is_restored_into_a_new_volume(volumes: BlockStorage, volume: Volume, blue: Project) -> None:
    backup = factories.BackupFactory(volume=volume, bootable=True)
    restored = volumes.post(f"backups/{backup.pk}/restore", {"restore": {"name": "again"}}, 202)["restore"]
    row = Volume.objects.get(pk=restored["volume_id"])
    assert (row.name, row.backup, row.size_gib, row.bootable) == ("again", backup, 2, True)
    made = volumes.create(backup_id=str(backup.pk), size=3)
    assert Volume.objects.get(pk=made["id"]).backup == backup
    assert "at least 2 GiB" in volumes.create(400, backup_id=str(backup.pk), size=1)["badRequest"]["message"]
    volumes.create(404, backup_id=UNKNOWN)
    volumes.delete(f"backups/{backup.pk}", 202)
    volumes.post(f"backups/{backup.pk}/restore", {"restore": {}}, 400)


def test_one_is_restored_in_place(volumes: BlockStorage, volume: Volume, server: Instance) -> None:
    backup = factories.BackupFactory(volume=volume)
    small = factories.VolumeFactory(project=volume.project, size_gib=1)
    path = f"backups/{backup.pk}/restore"
    refused = volumes.post(path, {"restore": {"volume_id": str(small.pk)}}, 400)
    assert "Extend the volume first" in refused["badRequest"]["message"]
    attached = factories.AttachmentFactory(instance=server, volume__size_gib=2).volume
    volumes.post(path, {"restore": {"volume_id": str(attached.pk)}}, 400)
    volumes.post(path, {"restore": {"volume_id": str(volume.pk)}}, 202)
    assert volumes.get(f"volumes/{volume.pk}")["volume"]["status"] == "restoring-backup"
    assert not volume.snapshots.exists(), "clients asked for none"


def test_one_is_deleted_with_its_file(volumes: BlockStorage, volume: Volume, store: Path) -> None:
    backup = factories.BackupFactory(volume=volume)
    (store / str(backup.pk)).write_bytes(b"data")
    volumes.delete(f"backups/{backup.pk}", 202)
    work()
    assert list(store.iterdir()) == []
    volumes.get(f"backups/{backup.pk}", 404)


def test_administrators_reset_and_force(
    volumes: BlockStorage, admin_volumes: BlockStorage, volume: Volume
) -> None:
    backup = factories.BackupFactory(volume=volume)
    path = f"backups/{backup.pk}/action"
    for body in ({"os-reset_status": {"status": "error"}}, {"os-force_delete": {}}):
        volumes.post(path, body, 403)
    admin_volumes.post(path, {"os-reset_status": {"status": "error"}}, 202)
    assert volumes.get(f"backups/{backup.pk}")["backup"]["status"] == "error"
    admin_volumes.post(path, {"os-force_delete": {}}, 202)
    assert volumes.get(f"backups/{backup.pk}")["backup"]["status"] == "deleting"


def test_a_record_brings_back_what_another_database_knew(
    volumes: BlockStorage, admin_volumes: BlockStorage, volume: Volume, store: Path
) -> None:
    backup = factories.BackupFactory(volume=volume, metadata={"k": "v"})
    volumes.get(f"backups/{backup.pk}/export_record", 403)
    record = admin_volumes.get(f"backups/{backup.pk}/export_record")
    volumes.post("backups/import_record", record, 403)
    assert (
        "exists already" in admin_volumes.post("backups/import_record", record, 400)["badRequest"]["message"]
    )
    key = str(backup.pk)
    Backup.objects.all().delete()
    admin_volumes.post("backups/import_record", record, 400)
    (store / key).write_bytes(b"data")
    assert admin_volumes.post("backups/import_record", record, 201)["backup"]["id"] == key
    again = Backup.objects.get()
    assert (again.name, again.checksum, again.metadata) == (backup.name, backup.checksum, {"k": "v"})
    assert again.taken_at == backup.taken_at


@pytest.mark.parametrize("text", ["", "!", "e30=", base64.b64encode(b"[1]").decode(), "\u00e9"])
def test_a_broken_record_is_refused(admin_volumes: BlockStorage, text: str) -> None:
    record = {"backup-record": {"backup_service": "cinder.backup.drivers.meridian", "backup_url": text}}
    admin_volumes.post("backups/import_record", record, 400)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"size_gib": 0},
        {"size_gib": 2**40},
        {"file_bytes": -1},
        {"taken_at": "noon"},
        {"metadata": []},
    ],
)
def test_a_wrong_record_is_refused(
    admin_volumes: BlockStorage, volume: Volume, change: dict[str, object]
) -> None:
    backup = factories.BackupFactory(volume=volume)
    record = admin_volumes.get(f"backups/{backup.pk}/export_record")["backup-record"]
    Backup.objects.all().delete()
    values = json.loads(base64.b64decode(record["backup_url"])) | change
    text = base64.b64encode(json.dumps(values).encode()).decode()
    admin_volumes.post("backups/import_record", {"backup-record": record | {"backup_url": text}}, 400)


def test_a_damaged_file_is_found(as_alice: Context, volume: Volume, store: Path) -> None:
    backup = factories.BackupFactory(volume=volume, file_bytes=4)
    file = store / str(backup.pk)
    file.write_bytes(b"data")
    Backup.objects.update(checksum=backup_files.digest(file, lambda _done, _total: None))
    file.write_bytes(b"dato")
    backups.act(as_alice, backup.pk, "verify")
    work()
    backup.refresh_from_db()
    assert (backup.status, backup.task_state) == ("error", None)
    assert backup.fault is not None
    assert "is damaged" in backup.fault["message"]
