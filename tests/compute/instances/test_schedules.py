"""Schedules: what may be made, when they are due, as whom they run, and that each run happens once."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.context import Context
from accounts.errors import BadInput, Forbidden, NotFound
from accounts.models import Assignment, AuditEvent
from compute.engine.models import Operation
from compute.images.models import Image
from compute.instances.actions import begin
from compute.instances.duties import scheduled
from compute.instances.models import Instance, Schedule
from compute.instances.services import schedules
from compute.instances.states import VmState
from tests import factories
from tests.instance_actions import ACTIONS, end
from tests.worker import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(as_alice: Context) -> Instance:
    return factories.InstanceFactory(project=as_alice.project, name="web")


def make(context: Context, instance: Instance, **wishes: object) -> Schedule:
    wanted = {"verb": "stop", "at": "", "cron": "0 20 * * *", "time_zone": "UTC"}
    return schedules.create(context, instance.pk, **(wanted | wishes))  # type: ignore[arg-type]


def due(schedule: Schedule, ago: timedelta = timedelta(seconds=1)) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(next_run=timezone.now() - ago)


def tomorrow() -> str:
    return (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("cron", "zone", "now", "expected"),
    [
        ("0 20 * * 1-5", "UTC", "2026-11-27T20:30", "2026-11-30T20:00"),
        ("0 20 * * *", "Europe/Berlin", "2026-07-01T12:00", "2026-07-01T18:00"),
        ("0 20 * * *", "Europe/Berlin", "2026-12-01T12:00", "2026-12-01T19:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("* * * * *", "Asia/Kathmandu", "2026-01-01T00:00", "2026-01-01T00:01"),
    ],
)
def test_cron_lines_follow_the_clock_of_their_place(cron: str, zone: str, now: str, expected: str) -> None:
    """Also over the night in which the clock is put forward: what falls into the gap comes right after it."""
    schedule = Schedule(cron=cron, time_zone=zone)
    after = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert schedules.next_run(schedule, after) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"verb": "purge"}, "verb"),
        ({"verb": "resize"}, "verb"),
        ({"verb": None}, "verb"),
        ({"cron": ""}, "cron"),
        ({"cron": "* * * * * *"}, "cron"),
        ({"cron": "@hourly"}, "cron"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": "x" * 10_000}, "cron"),
        ({"cron": "0 0 * * *", "at": "2040-01-01T00:00"}, "cron"),
        ({"cron": "", "at": "2001-01-01T00:00"}, "at"),
        ({"cron": "", "at": "soon"}, "at"),
        ({"cron": "", "at": "9999-12-31T23:59", "time_zone": "America/New_York"}, "at"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": 7}, "time_zone"),
        ({"keep": "-1"}, "keep"),
        ({"keep": "1000"}, "keep"),
        ({"keep": "many"}, "keep"),
    ],
)
def test_wrong_inputs_name_their_field(
    as_alice: Context, web: Instance, wishes: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        make(as_alice, web, **wishes)
    assert set(refused.value.fields) == {field}
    assert not Schedule.objects.exists()
    assert not AuditEvent.objects.exists()


def change(context: Context, schedule: Schedule, **wishes: object) -> Schedule:
    wanted = {"at": "", "cron": "0 6 * * *", "time_zone": "UTC", "keep": "3"}
    return schedules.change(context, schedule.pk, **(wanted | wishes))


def test_a_changed_one_runs_at_its_new_time_as_who_changed_it(
    as_alice: Context, as_root: Context, web: Instance
) -> None:
    schedule = make(as_alice, web, verb="take_image")
    Schedule.objects.update(last_error="It is locked.", enabled=False)
    change(as_root, schedule, time_zone="Europe/Berlin")
    schedule.refresh_from_db()
    assert (schedule.cron, schedule.time_zone, schedule.keep) == ("0 6 * * *", "Europe/Berlin", 3)
    assert (schedule.created_by, schedule.enabled, schedule.last_error) == (as_root.user, True, "")
    assert schedule.next_run == schedules.next_run(schedule, timezone.now())
    assert AuditEvent.objects.latest("pk").action == "schedule.update"
    assert change(as_alice, schedule, cron="", at=tomorrow()).cron == ""


@pytest.mark.parametrize("wishes", [{"cron": "never"}, {"cron": "", "at": "2001-01-01T00:00"}, {"keep": "0"}])
def test_a_wrong_change_changes_nothing(as_alice: Context, web: Instance, wishes: dict[str, object]) -> None:
    schedule = make(as_alice, web)
    with pytest.raises(BadInput):
        change(as_alice, schedule, **wishes)
    assert Schedule.objects.values().get() == {
        field.attname: getattr(schedule, field.attname) for field in Schedule._meta.concrete_fields
    }


def test_who_may_not_do_it_may_not_move_it(as_alice: Context, as_ruth: Context, web: Instance) -> None:
    schedule = make(as_alice, web)
    with pytest.raises(Forbidden):
        change(as_ruth, schedule)


def test_every_verb_begins_without_a_further_word() -> None:
    """Images are named after the time."""
    assert all(ACTIONS[verb].fields == () for verb in schedules.verbs() if verb != "take_image")


def test_scheduled_images_tell_their_time(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web, verb="take_image")
    due(schedule)
    scheduled.sweep()
    image = Image.objects.get(taken_from=web)
    assert re.fullmatch(r"web-\d{4}-\d\d-\d\dT\d\d:\d\dZ", image.name)
    assert (image.project_id, image.visibility) == (web.project_id, "private")


def test_the_newest_images_of_a_schedule_stay(as_alice: Context, web: Instance) -> None:
    """Whatever else was taken stays too, and what disks stand on; thinning waits until the new one is ready."""
    schedule = make(as_alice, web, verb="take_image", keep="2")
    other = factories.ImageFactory(project=web.project, taken_from=web)
    names = []
    for number in range(4):
        due(schedule)
        scheduled.sweep()
        image = Image.objects.filter(schedule=schedule).latest("created_at")
        Image.objects.filter(pk=image.pk).update(name=str(number))
        names.append(list(kept(schedule)))
        operation = Operation.objects.open().get(kind="instance.take_image")
        end(operation)
        if number == 0:
            factories.InstanceFactory(project=web.project, image=image)
    assert names == [[], ["0"], ["0", "1"], ["0", "1", "2"]]
    work("image.delete")
    assert kept(schedule) == ["0", "2", "3"]
    assert Image.objects.get(pk=other.pk).status == Image.Status.ACTIVE
    event = AuditEvent.objects.get(action="image.delete", outcome="requested")
    assert (event.target_name, event.detail["reason"]) == ("1", f"schedule {schedule.pk} keeps 2")


def kept(schedule: Schedule) -> list[str]:
    rows = schedule.images.filter(status=Image.Status.ACTIVE)
    return list(rows.order_by("created_at").values_list("name", flat=True))


def test_a_deleted_schedule_leaves_its_images(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web, verb="take_image", keep="")
    assert schedule.keep == Schedule.DEFAULT_KEEP
    image = factories.ImageFactory(project=web.project, schedule=schedule)
    schedules.delete(as_alice, schedule.pk)
    assert Image.objects.get(pk=image.pk).schedule is None


def test_making_one_is_audited_and_times_are_utc(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web, cron="", at="2040-07-01T12:00", time_zone="Europe/Berlin")
    assert schedule.at == schedule.next_run == datetime(2040, 7, 1, 10, tzinfo=UTC)
    event = AuditEvent.objects.get()
    assert (event.action, event.user_name, event.target_name) == ("schedule.create", "alice", "web")
    assert event.detail == {"verb": "stop", "when": "2040-07-01T10:00+00:00", "time_zone": "Europe/Berlin"}


def test_there_are_not_more_than_a_few(as_alice: Context, web: Instance) -> None:
    for _ in range(schedules.MOST):
        make(as_alice, web)
    with pytest.raises(BadInput):
        make(as_alice, web)


def test_strangers_and_readers(as_alice: Context, as_bob: Context, as_ruth: Context, web: Instance) -> None:
    schedule = make(as_alice, web)
    with pytest.raises(NotFound):
        make(as_bob, web)
    for deed in (
        lambda who: schedules.set_enabled(who, schedule.pk, False),
        lambda who: schedules.delete(who, schedule.pk),
    ):
        with pytest.raises(NotFound):
            deed(as_bob)
        with pytest.raises(Forbidden):
            deed(as_ruth)
    with pytest.raises(Forbidden):
        make(as_ruth, web)


def test_it_runs_as_its_maker(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web)
    due(schedule)
    scheduled.sweep()
    operation = Operation.objects.get()
    assert (operation.kind, operation.user, operation.subject_id) == (
        "instance.stop",
        as_alice.user,
        web.pk,
    )
    schedule.refresh_from_db()
    assert (schedule.last_error, schedule.enabled) == ("", True)
    assert schedule.next_run > timezone.now()
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", "user_name", "outcome"))
    assert actions[1:] == [("instance.stop", "alice", "requested"), ("schedule.run", "alice", "succeeded")]


def test_what_happens_once_is_over_afterwards(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web, cron="", at=tomorrow())
    due(schedule)
    Schedule.objects.update(at=timezone.now() - timedelta(seconds=1))
    scheduled.sweep()
    schedule.refresh_from_db()
    assert (schedule.enabled, schedule.next_run) == (False, None)
    assert not schedules.set_enabled(as_alice, schedule.pk, True).enabled
    scheduled.sweep()
    assert Operation.objects.count() == 1


def test_nothing_early_and_nothing_that_rests(as_alice: Context, web: Instance) -> None:
    make(as_alice, web)
    resting = make(as_alice, web)
    schedules.set_enabled(as_alice, resting.pk, False)
    due(resting)
    scheduled.sweep()
    assert not Operation.objects.exists()


def test_a_lost_role_is_said(as_alice: Context, web: Instance) -> None:
    """The rights that count are those of the moment in which it runs."""
    schedule = make(as_alice, web)
    Assignment.objects.filter(user=as_alice.user).delete()
    due(schedule)
    scheduled.sweep()
    schedule.refresh_from_db()
    assert not Operation.objects.exists()
    assert "no role in this project any more" in schedule.last_error
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.outcome) == ("schedule.run", "failed")


def test_a_lesser_role_is_said_too(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web)
    Assignment.objects.filter(user=as_alice.user).update(role=factories.RoleFactory(name="reader"))
    due(schedule)
    scheduled.sweep()
    schedule.refresh_from_db()
    assert "need the role “member”" in schedule.last_error


def test_a_disabled_user_does_nothing(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web)
    as_alice.user.enabled = False
    as_alice.user.save()
    due(schedule)
    scheduled.sweep()
    assert not Operation.objects.exists()


def test_a_state_that_does_not_fit_is_said(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web, verb="start")
    due(schedule)
    scheduled.sweep()
    schedule.refresh_from_db()
    assert "Not possible in the state" in schedule.last_error
    assert schedule.next_run > timezone.now()


def test_what_is_long_over_is_not_made_up_for(as_alice: Context, web: Instance) -> None:
    schedule = make(as_alice, web)
    due(schedule, timedelta(hours=2))
    scheduled.sweep()
    schedule.refresh_from_db()
    assert not Operation.objects.exists()
    assert "did not run at that time" in schedule.last_error


def test_schedules_go_with_their_instance(as_alice: Context, web: Instance) -> None:
    make(as_alice, web)
    operation = begin(as_alice, "instance.purge", web.pk)
    assert operation is not None
    end(operation)
    assert not Schedule.objects.exists()
    assert Instance.objects.get().vm_state == VmState.DELETED


@pytest.mark.django_db(transaction=True)
def test_of_many_sweepers_one_has_the_run(as_alice: Context) -> None:
    web = factories.InstanceFactory(project=as_alice.project)
    schedule = make(as_alice, web)
    due(schedule)
    start = threading.Barrier(8)

    def sweep() -> None:
        start.wait()
        try:
            scheduled.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Operation.objects.count() == 1
    assert AuditEvent.objects.filter(action="schedule.run").count() == 1
