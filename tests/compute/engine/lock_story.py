"""Every verb of every noun once, in the database alone, with each row lock of each transaction noted.

A lock is a table, a row's id where the statement names one, and how it is locked, in the order in which they were
taken. `tests/compute/engine/locks_on_postgresql.py` runs it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

LOCKS = re.compile(r"\bFOR (NO KEY )?UPDATE\b")
TABLE = re.compile(r'\bFROM "(\w+)"')
SAVEPOINT = re.compile(r'^SAVEPOINT "?(\w+)')
BACK = re.compile(r'^ROLLBACK TO SAVEPOINT "?(\w+)')
ID_ORDER = re.compile(r'ORDER BY \S*"id" ASC|ORDER BY 1 ASC')


class Recorder:
    """The locks of each transaction. What is rolled back to a savepoint lets go of those taken since."""

    def __init__(self) -> None:
        self.transactions: list[dict[str, Any]] = []
        self._marks: dict[str, int] = {}
        self._locks: list[tuple[str, str, str]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch this thread's connection."""
        switch = connection.set_autocommit

        def set_autocommit(autocommit: bool, *arguments: Any, **options: Any) -> None:
            self._end()
            switch(autocommit, *arguments, **options)

        connection.set_autocommit = set_autocommit  # type: ignore[method-assign]
        with connection.execute_wrapper(self._note):
            yield
        connection.set_autocommit = switch  # type: ignore[method-assign]
        self._end()

    def _end(self) -> None:
        if self._locks:
            self.transactions.append({"story": STORY[-1], "locks": self._locks})
        self._locks, self._marks = [], {}

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := SAVEPOINT.match(sql):
            self._marks[found[1]] = len(self._locks)
        elif found := BACK.match(sql):
            del self._locks[self._marks[found[1]] :]
        elif LOCKS.search(sql):
            self._locks += self._locked(sql, params or ())
        return execute(sql, params, many, context)

    def _locked(self, sql: str, params: Any) -> list[tuple[str, str, str]]:
        table = TABLE.search(sql)
        assert table, sql
        mode = "no key" if "FOR NO KEY" in sql else "key"
        keys = [str(param) for param in params if isinstance(param, UUID)]
        if len(keys) > 1:
            assert ID_ORDER.search(sql), f"several rows at once, in no order: {sql}"
        return [(table[1], key, mode) for key in sorted(keys) or [""]]


STORY = ["beginning"]
"""What is being done, for whoever reads of a lock out of order."""


def run() -> dict[str, Any]:
    """Return the locks of each transaction, and what was done."""
    recorder = Recorder()
    with recorder.watching():
        done = sorted({*verbs(), *launches(), *endings()})
    return {"transactions": recorder.transactions, "done": done}


def keep_off_hosts() -> None:
    """What steps do to hosts is no subject here; that a launch chooses one is."""
    from compute.engine.actions import registry

    for name, action in registry.actions().items():
        kept = [step for step in action.steps if step.name == "place"]
        registry.actions()[name].steps = tuple(kept)


def verbs() -> Iterator[str]:
    """Begin every action from a state that allows it, and let it end."""
    from compute.engine.actions import registry
    from compute.engine.actions.begin import begin
    from tests.worker import work

    keep_off_hosts()
    for name, action in sorted(registry.actions().items()):
        if not action.order:
            continue
        STORY.append(name)
        context, row, parameters = subject(action)
        if action.verb == "cancel":
            begin(context, "instance.shelve", row.pk)
        begin(context, name, row.pk, parameters=parameters)
        work()
        yield name


def subject(action: Any) -> tuple[Any, Any, dict[str, Any]]:
    """An administrator, a row that allows the action, and what it takes."""
    from accounts.context import for_user
    from compute.instances.services import hardware
    from tests import factories

    project, user = factories.ProjectFactory(), factories.UserFactory()
    factories.AssignmentFactory(user=user, project=project, role__name="admin")
    image = factories.ImageFactory(project=project, visibility="private")
    host = factories.HypervisorFactory(vcpus=64, memory_mib=2**18, disk_gib=2**10)
    factories.PoolFactory(hosts=[host], capacity_bytes=2**40)
    instance = factories.InstanceFactory(
        project=project,
        user=user,
        image=factories.ImageFactory(),
        hypervisor=host,
        server_group=factories.ServerGroupFactory(project=project, policy="soft-anti-affinity"),
    )
    for _number in range(2):
        factories.PortFactory(instance=instance, network=factories.NetworkFactory())
    if action.noun == "image":
        return for_user(user, project.pk), image, image_parameters(action.verb, image)
    if action.noun == "backup":
        return for_user(user, project.pk), *backup_subject(action.verb, project)
    if action.noun == "volume_snapshot":
        return for_user(user, project.pk), *snapshot_subject(action.verb, instance)
    if action.noun == "volume":
        return for_user(user, project.pk), *volume_subject(action.verb, instance)
    if action.noun == "instance_snapshot":
        return for_user(user, project.pk), instance_snapshot(instance), {"name": "other"}
    state = sorted(action.move.start)[0] if action.move else "active"
    instance.vm_state = {"restore": "soft-delete", "delete": "active", "purge": "active"}.get(
        action.verb, state
    )
    instance.restore_to = "active"
    if action.verb in {"unshelve", "delete", "purge"}:
        instance.shelved_image = factories.ImageFactory(project=project, visibility="private")
    instance.hardware = hardware.options(factories.FlavorFactory(), instance.image.properties)
    iso = factories.ImageFactory(disk_format="iso")
    if action.verb in {"insert_cd", "eject_cd"}:
        medium = iso if action.verb == "eject_cd" else None
        factories.DiskFactory(instance=instance, role="cdrom", device="sda", image=medium)
    instance.agent, instance.headroom = {}, {"vcpus": 4, "ram_mib": 4096, "slots": 8}
    instance.save()
    snapshot = instance_snapshot(instance) if action.verb in {"take_snapshot", "revert"} else None
    larger = factories.FlavorFactory(vcpus=1, ram_mib=256, disk_gib=2, ephemeral_gib=1, swap_mib=64)
    given = {
        "clone": {"name": "copy"},
        "insert_cd": {"iso": str(iso.pk)},
        "resize": {"flavor_id": larger.pk},
        "grow": {"flavor_id": factories.FlavorFactory(ram_mib=256).pk},
        "rename": {"name": "other"},
        "reset_state": {"state": "error"},
        "revert": {"snapshot": str(snapshot and snapshot.pk)},
        "set_password": {"admin_password": "a new secret"},
        "take_image": {"name": "picture"},
    }
    return for_user(user, project.pk), instance, given.get(action.verb, {})


def instance_snapshot(instance: Any) -> Any:
    """A snapshot of an instance with two volumes."""
    from tests import factories

    volumes = [factories.AttachmentFactory(instance=instance).volume for _number in range(2)]
    snapshot = factories.InstanceSnapshotFactory(instance=instance, volumes=2)
    for volume in volumes:
        factories.VolumeSnapshotFactory(volume=volume, instance_snapshot=snapshot)
    return snapshot


def image_parameters(verb: str, image: Any) -> dict[str, Any]:
    """What the verb takes of the image, which is put into a state that allows it."""
    if verb == "reactivate":
        image.status = "deactivated"
    if verb == "import":
        image.status, image.container_format, image.disk_format = "queued", "bare", "qcow2"
    image.save()
    given = {
        "import": {"method": "web-download", "uri": "https://example.org/disk.qcow2"},
        "update": {"changes": [{"op": "replace", "path": "/name", "value": "other"}]},
    }
    return given.get(verb, {})


def backup_subject(verb: str, project: Any) -> tuple[Any, dict[str, Any]]:
    """A backup that allows the verb, and what it takes."""
    from tests import factories

    backup = factories.BackupFactory(volume=factories.VolumeFactory(project=project))
    given = {"reset_status": {"status": "error"}, "update": {"name": "other"}}
    return backup, given.get(verb, {})


def snapshot_subject(verb: str, instance: Any) -> tuple[Any, dict[str, Any]]:
    """A snapshot of a volume that an instance has, and what the verb takes."""
    from tests import factories

    snapshot = factories.VolumeSnapshotFactory(volume=factories.AttachmentFactory(instance=instance).volume)
    given = {"reset_status": {"status": "error"}, "update": {"name": "other"}}
    return snapshot, given.get(verb, {})


def volume_subject(verb: str, instance: Any) -> tuple[Any, dict[str, Any]]:
    """A volume that allows the verb, and what it takes."""
    from compute.volumes.models import Disk, Volume
    from tests import factories

    if verb in {"detach", "force_detach", "set_termination", "extend"}:
        volume = factories.AttachmentFactory(instance=instance).volume
    else:
        volume = factories.VolumeFactory(project=instance.project)
    if verb == "unreserve":
        Volume.objects.filter(pk=volume.pk).update(status="attaching")
    Disk.objects.filter(volume=volume).update(pool=instance.hypervisor.pools.get())
    if verb == "revert":
        return volume, {"snapshot": str(factories.VolumeSnapshotFactory(volume=volume).pk)}
    if verb == "restore":
        return volume, {"backup": str(factories.BackupFactory(volume=volume).pk)}
    given = {
        "attach": {"instance": str(instance.pk)},
        "move": {"pool": str(factories.PoolFactory(hosts=[instance.hypervisor], capacity_bytes=2**50).pk)},
        "extend": {"size": 2},
        "reset_status": {"status": "error"},
        "upload": {"name": "image"},
        "retype": {"type": factories.VolumeTypeFactory().name},
        "update": {"name": "other"},
    }
    return volume, given.get(verb, {})


def launches() -> Iterator[str]:
    """Launch into networks and a server group, and have a host chosen."""
    from accounts.context import for_user
    from compute.instances.actions.launch import launch
    from compute.instances.services.block_devices import BlockDevice
    from compute.instances.services.launch_request import LaunchRequest
    from compute.volumes.actions.create import create
    from compute.volumes.models import Volume
    from compute.volumes.services import backups, volume_snapshots
    from compute.volumes.services.volume_request import VolumeRequest
    from tests import factories
    from tests.worker import work

    STORY.append("launch")
    project, user = factories.ProjectFactory(), factories.UserFactory()
    factories.AssignmentFactory(user=user, project=project)
    host = factories.HypervisorFactory(vcpus=64, memory_mib=2**19)
    factories.PoolFactory(hosts=[host], capacity_bytes=2**40)
    networks = factories.NetworkFactory.create_batch(3, project=project)
    request = LaunchRequest(
        name="web",
        flavor_id=factories.FlavorFactory().pk,
        image_id=str(factories.ImageFactory().pk),
        networks=[str(network.pk) for network in networks],
        count=2,
    )
    launch(for_user(user, project.pk), request)
    work()
    yield "instance.launch"
    STORY.append("create volumes")
    volumes = [create(for_user(user, project.pk), VolumeRequest(size=1)) for _number in range(2)]
    work()
    devices = [BlockDevice(source="volume", key=str(volumes[0].pk)), BlockDevice(source="blank", size=1)]
    Volume.objects.update(status="available")
    STORY.append("take a snapshot")
    volume_snapshots.create(for_user(user, project.pk), volumes[1].pk)
    work()
    yield "volume_snapshot.create"
    STORY.append("back up")
    for is_incremental in (False, True):
        backups.create(for_user(user, project.pk), volumes[1].pk, incremental=is_incremental)
        work()
    yield "backup.create"
    STORY.append("launch with volumes")
    launch(for_user(user, project.pk), replace(request, count=1, block_devices=devices))
    work()
    yield "volume.create"


def endings() -> Iterator[str]:
    """A clone that is cancelled, one that fails and one that is stuck and tried again."""
    from compute.engine import operations
    from compute.engine.actions import cancelling, registry
    from compute.engine.actions.begin import begin
    from compute.engine.models import Operation
    from tests.worker import run as work_on

    clone = registry.actions()["instance.clone"]
    for how in ("cancelled", "failed", "stuck"):
        STORY.append(f"clone {how}")
        context, row, parameters = subject(clone)
        operation = begin(context, "instance.clone", row.pk, parameters=parameters)
        assert operation is not None
        if how == "cancelled":
            cancelling.cancel(context, operation.pk)
        else:
            Operation.objects.filter(pk=operation.pk).update(
                state="undoing", error={"code": "x", "message": "x"}
            )
        if how == "stuck":
            Operation.objects.filter(pk=operation.pk).update(
                timeline=[{"name": "?", "label": "?", "began": "", "ended": None, "undone": None}]
            )
        assert work_on(operation).state == how
        yield how
    operation.refresh_from_db()
    operations.retry_stuck(operation)
    with transaction.atomic():
        operations.settle_stuck(row)
