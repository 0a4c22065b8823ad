"""Nothing grows for ever: what has outlived its use goes in small batches, and nothing younger goes with it."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from accounts.context import Context
from accounts.models import (
    AuditEvent,
    FailedAttempts,
    KnownAddress,
    OneTimeLink,
    Project,
    QuotaRequest,
    Token,
    User,
    UserSession,
)
from accounts.services import audit, retention
from compute.engine.models import Heartbeat, Hold, Operation
from compute.images.models import Image
from compute.instances.models import ConsoleToken, Instance, InstanceSnapshot
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.services import volume_types
from compute.volumes.states import BackupState, SnapshotState, VolumeState
from tests import factories
from tests.proof import examples

pytestmark = pytest.mark.django_db

OLD = 3000
YOUNG = 5
CHAIN = 30
"""Deleted instances, each with a hundred operations."""

Make = Callable[[Project, User, int, datetime], models.QuerySet]
"""project, user, how many, since when → the table."""


def tokens(_project: Project, user: User, count: int, since: datetime) -> models.QuerySet:
    Token.objects.bulk_create(
        Token(digest=key(), user=user, methods=[], audit_ids=[], issued_at=since, expires_at=since)
        for _row in range(count)
    )
    return Token.objects.all()


def sessions(_project: Project, user: User, count: int, since: datetime) -> models.QuerySet:
    made = Session.objects.bulk_create(
        Session(session_key=key(), session_data="", expire_date=since) for _row in range(count)
    )
    UserSession.objects.bulk_create(UserSession(session=one, user=user, seen_at=since) for one in made)
    return UserSession.objects.all()


def one_time_links(_project: Project, user: User, count: int, since: datetime) -> models.QuerySet:
    OneTimeLink.objects.bulk_create(
        OneTimeLink(digest=key(), purpose="reset", user=user, expires_at=since) for _row in range(count)
    )
    return OneTimeLink.objects.all()


def failed_attempts(_project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    FailedAttempts.objects.bulk_create(FailedAttempts(name=key(), last_at=since) for _row in range(count))
    return FailedAttempts.objects.all()


def known_addresses(_project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    KnownAddress.objects.bulk_create(
        KnownAddress(name=key(), address="192.0.2.1", seen_at=since) for _row in range(count)
    )
    return KnownAddress.objects.all()


def quota_requests(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    QuotaRequest.objects.bulk_create(
        QuotaRequest(project=project, resource="cores", limit=1, state="replaced", decided_at=since)
        for _row in range(count)
    )
    return QuotaRequest.objects.all()


def audit_events(_project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    made = AuditEvent.objects.bulk_create(
        AuditEvent(action="toy.wind", outcome="succeeded") for _row in range(count)
    )
    AuditEvent.objects.filter(pk__gte=made[0].pk).update(at=since)
    return AuditEvent.objects.all()


def operations(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    instance = factories.InstanceFactory(project=project)
    history(instance, count, since)
    return Operation.objects.all()


def heartbeats(_project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    Heartbeat.objects.bulk_create(
        Heartbeat(process="worker", host=key(), pid=1, at=since) for _row in range(count)
    )
    return Heartbeat.objects.all()


def user_data(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    gone(project, count, since, user_data="I2Nsb3VkLWNvbmZpZw==")
    return Instance.objects.exclude(user_data="")


def deleted_images(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    made = Image.objects.bulk_create(
        Image(project=project, name="gone", status=Image.Status.DELETED) for _row in range(count)
    )
    Image.objects.filter(pk__in=[image.pk for image in made]).update(updated_at=since)
    return Image.objects.all()


def deleted_volumes(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    kind = volume_types.default()
    made = Volume.objects.bulk_create(
        Volume(project=project, size_gib=1, type=kind, status=VolumeState.DELETED) for _row in range(count)
    )
    Volume.objects.filter(pk__in=[volume.pk for volume in made]).update(updated_at=since)
    return Volume.objects.all()


def deleted_volume_snapshots(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    volume = factories.VolumeFactory(project=project)
    made = VolumeSnapshot.objects.bulk_create(
        VolumeSnapshot(project=project, volume=volume, size_gib=1, status=SnapshotState.DELETED)
        for _row in range(count)
    )
    VolumeSnapshot.objects.filter(pk__in=[one.pk for one in made]).update(updated_at=since)
    return VolumeSnapshot.objects.all()


def deleted_instance_snapshots(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    instance = factories.InstanceFactory(project=project)
    size = {"vcpus": 1, "ram_mib": 1, "size_gib": 1}
    made = InstanceSnapshot.objects.bulk_create(
        InstanceSnapshot(project=project, instance=instance, status=SnapshotState.DELETED, **size)
        for _row in range(count)
    )
    InstanceSnapshot.objects.filter(pk__in=[one.pk for one in made]).update(updated_at=since)
    return InstanceSnapshot.objects.all()


def deleted_backups(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    volume = factories.VolumeFactory(project=project)
    made = Backup.objects.bulk_create(
        Backup(project=project, volume=volume, size_gib=1, status=BackupState.DELETED)
        for _row in range(count)
    )
    Backup.objects.filter(pk__in=[backup.pk for backup in made]).update(updated_at=since)
    return Backup.objects.all()


def deleted_instances(project: Project, _user: User, count: int, since: datetime) -> models.QuerySet:
    gone(project, count, since)
    return Instance.objects.all()


def console_tokens(project: Project, user: User, count: int, since: datetime) -> models.QuerySet:
    instance, host = factories.InstanceFactory(project=project), factories.HypervisorFactory()
    ConsoleToken.objects.bulk_create(
        ConsoleToken(digest=key(), user=user, instance=instance, host=host, expires_at=since)
        for _row in range(count)
    )
    return ConsoleToken.objects.all()


MAKE: dict[str, Make] = {
    make.__name__: make
    for make in (
        tokens,
        sessions,
        one_time_links,
        failed_attempts,
        known_addresses,
        quota_requests,
        audit_events,
        operations,
        heartbeats,
        user_data,
        deleted_images,
        deleted_volumes,
        deleted_volume_snapshots,
        deleted_instance_snapshots,
        deleted_backups,
        deleted_instances,
        console_tokens,
    )
}


def test_every_rule_is_tested() -> None:
    assert set(MAKE) == set(retention.RULES)


@pytest.mark.parametrize(
    "name", examples(MAKE, "sessions", "operations", "audit_events", "deleted_instances")
)
def test_three_thousand_come_down_in_batches_and_nothing_younger(
    name: str, blue: Project, alice: User, settings: LazySettings
) -> None:
    rule = retention.RULES[name]
    kept = timedelta(days=getattr(settings, rule.setting)) if rule.setting else rule.grace
    edge = timezone.now() - kept
    make = MAKE[name]
    make(blue, alice, OLD, edge - timedelta(minutes=1))
    rows = make(blue, alice, YOUNG, edge + timedelta(minutes=5))
    assert rows.count() == OLD + YOUNG
    sizes: list[int] = []

    def remove(some: models.QuerySet) -> None:
        sizes.append(some.count())
        rule.remove(some)

    sweeper = retention.Sweeper({name: replace(rule, remove=remove)})
    assert sum(sweeper.sweep(batches=2).values()) == sum(sizes) <= 2 * retention.LARGEST
    while sweeper.sweep():
        pass
    assert rows.count() == YOUNG
    assert (sum(sizes), max(sizes) <= retention.LARGEST) == (OLD, True)


def test_what_is_open_or_alive_stays_however_old(blue: Project, alice: User) -> None:
    ages = timezone.now() - timedelta(days=4000)
    instance = factories.InstanceFactory(project=blue, user_data="eA==")
    Instance.objects.filter(pk=instance.pk).update(created_at=ages)
    binned = factories.InstanceFactory(
        project=blue, vm_state="soft-delete", deleted_at=ages, user_data="eA=="
    )
    for state in Operation.OPEN:
        history(instance, 1, ages, state=state)
    QuotaRequest.objects.create(project=blue, resource="cores", limit=5, user=alice)
    QuotaRequest.objects.update(created_at=ages)
    retention.Sweeper().sweep()
    assert Operation.objects.count() == len(Operation.OPEN)
    assert set(Instance.objects.exclude(user_data="")) == {instance, binned}
    assert QuotaRequest.objects.count() == 1


def test_a_deleted_instance_leaves_its_history_to_its_own_rule(blue: Project, settings: LazySettings) -> None:
    settings.OPERATION_DAYS = 0
    since = timezone.now() - timedelta(days=settings.DELETED_DAYS + 1)
    gone(blue, CHAIN, since)
    alive = factories.InstanceFactory(project=blue)
    for instance in Instance.objects.all():
        history(instance, 100, since)
    sweeper = retention.Sweeper()
    while sweeper.sweep():
        pass
    assert list(Instance.objects.all()) == [alive]
    assert Operation.objects.count() == 100 * (CHAIN + 1)
    settings.OPERATION_DAYS = settings.DELETED_DAYS
    while sweeper.sweep():
        pass
    assert not Operation.objects.exists()
    assert not Hold.objects.exists(), "what an operation held goes with it"


@pytest.mark.parametrize("name", [name for name, rule in retention.RULES.items() if rule.setting])
def test_zero_days_keep_for_ever(name: str, blue: Project, alice: User, settings: LazySettings) -> None:
    setattr(settings, retention.RULES[name].setting, 0)
    rows = MAKE[name](blue, alice, YOUNG, timezone.now() - timedelta(days=4000))
    sweeper = retention.Sweeper({name: retention.RULES[name]})
    assert sweeper.sweep() == {}
    assert rows.count() == YOUNG


def test_rows_that_others_protect_stay_and_hold_nobody_up() -> None:
    images = factories.ImageFactory.create_batch(20)
    Image.objects.update(created_at=timezone.now() - timedelta(days=1))
    needed = {
        factories.DiskFactory(instance__image=image, image=image).image for image in (images[0], images[7])
    }
    sweeper = retention.Sweeper(
        {"toys": retention.Rule(name="toys", rows=Image.objects.all(), since="created_at")}
    )
    assert sweeper.sweep() == {"toys": 18}
    assert set(Image.objects.all()) == needed
    assert sweeper.sweep() == {}


def test_a_slow_database_gets_smaller_batches(blue: Project, alice: User) -> None:
    """The clock says that each of the first four took a second, then that each took none."""
    tokens(blue, alice, 400, timezone.now() - timedelta(days=1))
    sizes: list[int] = []
    seconds = [0.0]

    def remove(rows: models.QuerySet) -> None:
        sizes.append(len(rows))
        seconds[0] += 1 if len(sizes) <= 4 else 0
        rows.delete()

    rule = replace(retention.RULES["tokens"], remove=remove)
    sweeper = retention.Sweeper({"tokens": rule}, clock=lambda: seconds[0])
    while sweeper.sweep():
        pass
    assert sizes[:9] == [50, 2, 1, 1, 1, 2, 4, 8, 16]


def test_the_audit_log_is_removed_by_its_retention_only() -> None:
    event = AuditEvent.objects.create(action="toy.wind", outcome="succeeded")
    for attempt in (event.delete, AuditEvent.objects.all().delete, AuditEvent.objects.filter(pk=1).delete):
        with pytest.raises(TypeError, match="retention only"):
            attempt()
    with pytest.raises(TypeError, match="never changed"):
        event.save()
    assert AuditEvent.objects.count() == 1


def test_the_audit_log_is_exported_before(as_root: Context, blue: Project, tmp_path: Path) -> None:
    day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(2500):
        audit.record(as_root, "toy.wind", blue, number=number, word="Größe\n“x”")
    first = AuditEvent.objects.order_by("pk").first()
    assert first
    AuditEvent.objects.exclude(pk__gte=first.pk + 2400).update(at=day - timedelta(seconds=1))
    AuditEvent.objects.filter(pk__gte=first.pk + 2400).update(at=day)
    file = tmp_path / "audit.jsonl"
    call_command("audit_export", before=f"{day:%Y-%m-%d}", output=str(file))
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [event["detail"]["number"] for event in events] == list(range(2400))
    assert set(events[0]) == {field.name for field in AuditEvent._meta.concrete_fields}
    assert events[0]["detail"]["word"] == "Größe\n“x”"
    assert datetime.fromisoformat(events[0]["at"]) == day - timedelta(seconds=1)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="Name a new file"):
        call_command("audit_export", before=f"{day:%Y-%m-%d}", output=str(file))


def test_the_export_goes_to_standard_output_too(capsys: pytest.CaptureFixture[str]) -> None:
    audit.record(None, "toy.wind", factories.ProjectFactory())
    call_command("audit_export", before="2999-12-31T12:00:00Z")
    assert json.loads(capsys.readouterr().out)["action"] == "toy.wind"


@pytest.mark.parametrize(
    "before", ["", "yesterday", "2026-13-01", "2026-01-31T25:00", "31.1.2026", "99999-01-01"]
)
def test_a_wrong_date_is_refused_in_a_sentence(before: str) -> None:
    with pytest.raises(CommandError, match="Write it like 2026-01-31"):
        call_command("audit_export", before=before)


def key() -> str:
    return uuid.uuid4().hex


def gone(project: Project, count: int, since: datetime, **fields: object) -> None:
    """Instances deleted for good at that time."""
    Instance.objects.bulk_create(
        Instance(
            project=project,
            name="gone",
            vm_state="deleted",
            deleted_at=since,
            vcpus=1,
            ram_mib=64,
            disk_gib=1,
            **fields,
        )
        for _row in range(count)
    )


def history(instance: Instance, count: int, since: datetime, state: str = "succeeded") -> None:
    """Operations of the instance that ended at that time."""
    made = Operation.objects.bulk_create(
        Operation(
            subject_type="instance",
            subject_id=instance.pk,
            project_id=instance.project_id,
            kind="instance.stop",
            state=state,
            due_at=since,
            finished_at=since,
        )
        for _number in range(count)
    )
    Hold.objects.bulk_create(
        Hold(operation=row, resource_type="instance", resource_id=instance.pk) for row in made
    )
