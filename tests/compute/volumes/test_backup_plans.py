"""Plans of backups: what is due, what stays, and what a plan may say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.context import Context, for_user
from accounts.errors import BadInput, Forbidden, NotFound
from accounts.models import AuditEvent, Project, User
from compute.engine.models import Operation
from compute.volumes.duties import planned_backups
from compute.volumes.models import Backup, BackupPlan, Volume
from compute.volumes.services import backup_plans, volumes
from tests import factories
from tests.worker import work

pytestmark = pytest.mark.django_db
PLAN: dict[str, object] = {
    "cron": "0 2 * * *",
    "time_zone": "UTC",
    "daily": 7,
    "weekly": 4,
    "monthly": 6,
    "full_every": 7,
    "verifies": False,
}


@pytest.fixture
def volume(blue: Project) -> Volume:
    row: Volume = factories.VolumeFactory(project=blue, name="data")
    return row


def saved(context: Context, volume: Volume, **fields: object) -> BackupPlan:
    return backup_plans.save(context, volume.pk, **(PLAN | fields))  # type: ignore[arg-type]


def make_due(plan: BackupPlan, since: timedelta = timedelta(minutes=1)) -> None:
    BackupPlan.objects.filter(pk=plan.pk).update(next_run=timezone.now() - since)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"cron": "* * *"}, {"cron"}),
        ({"cron": "61 * * * *"}, {"cron"}),
        ({"cron": "0 0 31 2 *"}, {"cron"}),
        ({"cron": None}, {"cron"}),
        ({"time_zone": "Mars"}, {"time_zone"}),
        ({"daily": -1, "weekly": "many", "monthly": 10**6}, {"daily", "weekly", "monthly"}),
        ({"daily": 0, "weekly": 0, "monthly": 0}, {"daily"}),
        ({"full_every": 0}, {"full_every"}),
    ],
)
def test_what_a_plan_cannot_say(
    as_alice: Context, volume: Volume, fields: dict[str, object], wrong: set[str]
) -> None:
    with pytest.raises(BadInput) as error:
        saved(as_alice, volume, **fields)
    assert set(error.value.fields) == wrong
    assert not BackupPlan.objects.exists()


def test_one_is_made_changed_and_ended(as_alice: Context, as_bob: Context, volume: Volume) -> None:
    plan = saved(as_alice, volume)
    assert plan.next_run is not None
    assert saved(as_alice, volume, daily=3).pk == plan.pk
    with pytest.raises(NotFound):
        saved(as_bob, volume)
    backup_plans.delete(as_alice, volume.pk)
    backup_plans.delete(as_alice, volume.pk)
    assert not BackupPlan.objects.exists()
    kinds = [event.action for event in AuditEvent.objects.order_by("at", "pk")]
    assert kinds == ["backup_plan.create", "backup_plan.update", "backup_plan.delete"]


def test_a_reader_makes_none(ruth: User, blue: Project, volume: Volume, as_alice: Context) -> None:
    reader = for_user(ruth, blue.id)
    with pytest.raises(Forbidden):
        saved(reader, volume)
    plan = saved(as_alice, volume)
    with pytest.raises(Forbidden):
        backup_plans.delete(reader, volume.pk)
    assert backup_plans.of_volume(reader, volume) == plan


@pytest.mark.parametrize(
    ("daily", "weekly", "monthly", "stays"),
    [
        (3, 0, 0, ["03-31", "03-30", "03-29"]),
        (0, 2, 0, ["03-31", "03-29"]),
        (0, 0, 3, ["03-31", "02-28", "01-31"]),
        (2, 2, 2, ["03-31", "03-30", "03-29", "02-28"]),
        (0, 0, 0, ["03-31"]),
        (400, 0, 0, None),
    ],
)
def test_what_stays(
    as_alice: Context, volume: Volume, daily: int, weekly: int, monthly: int, stays: list[str] | None
) -> None:
    """Of each of the newest days, weeks (which end on Sunday) and months, the newest; in 2026 by the plan's clock."""
    plan = BackupPlan(volume=volume, daily=daily, weekly=weekly, monthly=monthly, time_zone="Europe/Berlin")
    first = datetime(2026, 1, 1, 12, tzinfo=UTC)
    rows = [Backup(taken_at=first + timedelta(days=day)) for day in range(90)]
    gone = {row.pk for row in backup_plans.expired(plan, rows)}
    left = [f"{row.taken_at:%m-%d}" for row in reversed(rows) if row.pk not in gone]
    assert left == (stays or [f"{row.taken_at:%m-%d}" for row in reversed(rows)])


def test_what_is_due_is_begun_once(as_alice: Context, volume: Volume) -> None:
    plan = saved(as_alice, volume)
    planned_backups.sweep()
    assert not Backup.objects.exists()
    make_due(plan)
    planned_backups.sweep()
    planned_backups.sweep()
    backup = Backup.objects.get()
    plan.refresh_from_db()
    assert (backup.plan, backup.user, backup.parent) == (plan, as_alice.user, None)
    assert backup.name.startswith("data 20")
    assert plan.next_run is not None
    assert plan.next_run > timezone.now()
    assert plan.last_error == ""
    assert Operation.objects.get().kind == "backup.create"


def test_after_so_many_changes_comes_a_whole_one(as_alice: Context, volume: Volume) -> None:
    plan = saved(as_alice, volume, full_every=3)
    chain = [factories.BackupFactory(volume=volume, plan=plan)]
    for number, is_whole in ((2, False), (3, False), (4, True)):
        make_due(plan)
        planned_backups.sweep()
        made = Backup.objects.order_by("-created_at").first()
        assert made is not None
        assert (made.parent is None) is is_whole, number
        Operation.objects.all().delete()
        Volume.objects.update(task_state=None)
        Backup.objects.update(checkpoint_in="")
        Backup.objects.filter(pk=made.pk).update(
            status="available", task_state=None, checkpoint_in=volume.disk.volume_name
        )
        chain.append(made)


def test_what_need_not_stay_goes_with_all_that_stands_on_it(as_alice: Context, volume: Volume) -> None:
    plan = saved(as_alice, volume, daily=1, weekly=0, monthly=0)
    parent = None
    for days in (30, 29, 28):
        parent = factories.BackupFactory(
            volume=volume, plan=plan, parent=parent, taken_at=timezone.now() - timedelta(days=days)
        )
    newest = factories.BackupFactory(volume=volume, plan=plan)
    by_hand = factories.BackupFactory(volume=volume, taken_at=timezone.now() - timedelta(days=300))
    make_due(plan)
    planned_backups.sweep()
    left = Backup.objects.exclude(task_state="deleting").exclude(task_state="creating")
    assert set(left) == {newest, by_hand}


def test_the_newest_is_verified(as_alice: Context, volume: Volume) -> None:
    plan = saved(as_alice, volume, verifies=True)
    newest = factories.BackupFactory(volume=volume, plan=plan)
    make_due(plan)
    planned_backups.sweep()
    newest.refresh_from_db()
    assert newest.task_state == "verifying"


def test_why_none_was_made_is_said(as_alice: Context, volume: Volume, blue: Project) -> None:
    plan = saved(as_alice, volume)
    Volume.objects.update(task_state="extending")
    make_due(plan)
    planned_backups.sweep()
    plan.refresh_from_db()
    assert "extending" in plan.last_error
    Volume.objects.update(task_state=None)
    make_due(plan, timedelta(days=2))
    planned_backups.sweep()
    plan.refresh_from_db()
    assert "did not run" in plan.last_error
    User.objects.filter(pk=as_alice.user.pk).update(enabled=False)
    make_due(plan)
    planned_backups.sweep()
    plan.refresh_from_db()
    assert "no role in this project" in plan.last_error
    assert not Backup.objects.exists()


def test_the_plan_goes_with_its_volume(as_alice: Context, volume: Volume) -> None:
    saved(as_alice, volume)
    volume.disk = None
    volume.save()
    volumes.act(as_alice, volume.pk, "delete")
    work()
    assert not BackupPlan.objects.exists()
