"""Expiry: who may set it, the warning, and the way to the recycle bin, once each."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.context import Context
from accounts.errors import BadInput, Forbidden
from accounts.models import AuditEvent
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.duties import expiring
from compute.instances.models import Instance
from compute.instances.services import expiry
from compute.instances.states import TaskState, VmState
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(as_alice: Context) -> Instance:
    return factories.InstanceFactory(project=as_alice.project, user=as_alice.user, name="web")


def set_expiry(context: Context, instance: Instance, **given: object) -> Instance:
    assert begin(context, "instance.set_expiry", instance.pk, parameters=given) is None
    return Instance.objects.get(pk=instance.pk)


def in_hours(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")


def expiring_in(instance: Instance, hours: float) -> None:
    Instance.objects.filter(pk=instance.pk).update(expires_at=timezone.now() + timedelta(hours=hours))


def test_by_the_clock_of_a_place(as_alice: Context, web: Instance) -> None:
    row = set_expiry(as_alice, web, expires_at="2040-07-01T12:00", time_zone="Europe/Berlin")
    assert row.expires_at.isoformat() == "2040-07-01T10:00:00+00:00"
    event = AuditEvent.objects.get()
    assert event.detail == {"from": None, "to": "2040-07-01T10:00:00+00:00"}
    assert set_expiry(as_alice, web).expires_at is None


def test_extending_counts_from_where_it_stands(as_alice: Context, web: Instance) -> None:
    first = set_expiry(as_alice, web, days="7").expires_at
    assert timedelta(days=6.9) < first - timezone.now() <= timedelta(days=7)
    Instance.objects.update(expiry_warned_at=timezone.now())
    row = set_expiry(as_alice, web, days=7)
    assert row.expires_at == first + timedelta(days=7)
    assert row.expiry_warned_at is None, "it is warned of again"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"expires_at": "2001-01-01T00:00"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2040-01-01T00:00", "time_zone": "Mars/Base"}, "time_zone"),
        ({"days": "0.5"}, "days"),
        ({"days": "-1"}, "days"),
        ({"days": "9" * 12}, "days"),
    ],
)
def test_wrong_inputs_name_their_field(
    as_alice: Context, web: Instance, given: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        set_expiry(as_alice, web, **given)
    assert set(refused.value.fields) == {field}


def test_anothers_instance_is_for_managers(as_alice: Context, as_max: Context) -> None:
    other = factories.InstanceFactory(project=as_alice.project)
    with pytest.raises(Forbidden, match="manager"):
        set_expiry(as_alice, other, days=1)
    assert set_expiry(as_max, other, days=1).expires_at is not None


def test_a_default_binds_all_but_administrators(
    as_alice: Context, as_root: Context, web: Instance, settings
) -> None:
    settings.EXPIRY_DAYS = 10
    for given in ({}, {"expires_at": in_hours(11 * 24)}):
        with pytest.raises(BadInput):
            set_expiry(as_alice, web, **given)
    row = set_expiry(as_alice, web, days=30)
    assert row.expires_at - timezone.now() <= timedelta(days=10), "as far as it goes"
    assert set_expiry(as_root, web).expires_at is None


def test_without_a_default_nothing_expires(settings) -> None:
    assert expiry.default() is None
    settings.EXPIRY_DAYS = 3
    moment = expiry.default()
    assert moment is not None
    assert timedelta(days=2.9) < moment - timezone.now() <= timedelta(days=3)


def test_the_warning_comes_once_a_day_before(as_alice: Context, web: Instance, settings) -> None:
    settings.MAIL_IS_ON = True
    as_alice.user.email = "alice@example.org"
    as_alice.user.save()
    expiring_in(web, 25)
    expiring.sweep()
    assert not mail.outbox
    expiring_in(web, 23)
    expiring.sweep()
    expiring.sweep()
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"]
    assert "web" in letter.subject
    assert f"{settings.PUBLIC_URL}/instances/{web.pk}/" in letter.body
    event = AuditEvent.objects.get()
    assert (event.action, event.target_name) == ("instance.expires_soon", "web")
    assert not Operation.objects.exists()


def test_when_its_time_has_come_it_goes_to_the_bin(web: Instance) -> None:
    expiring_in(web, -0.1)
    expiring.sweep()
    expiring.sweep()
    operation = Operation.objects.get()
    assert (operation.kind, operation.subject_id, operation.user) == ("instance.delete", web.pk, None)
    row = Instance.objects.get()
    assert (row.task_state, row.restore_to) == (TaskState.SOFT_DELETING, VmState.ACTIVE)
    assert AuditEvent.objects.get(action="instance.delete").detail == {"reason": "expired"}


def test_one_that_is_busy_or_in_the_bin_is_left_alone(web: Instance) -> None:
    busy = factories.InstanceFactory(task_state=TaskState.REBOOTING)
    binned = factories.InstanceFactory(vm_state=VmState.SOFT_DELETED)
    for instance in (busy, binned):
        expiring_in(instance, -1)
    expiring.sweep()
    assert not Operation.objects.exists()


def test_a_lock_does_not_keep_it(web: Instance) -> None:
    Instance.objects.update(locked=True)
    expiring_in(web, -1)
    expiring.sweep()
    assert Operation.objects.get().kind == "instance.delete"


def test_what_comes_out_of_the_bin_stays_for_a_while(as_alice: Context) -> None:
    web = factories.InstanceFactory(project=as_alice.project, vm_state=VmState.SOFT_DELETED)
    expiring_in(web, -1)
    begin(as_alice, "instance.restore", web.pk)
    row = Instance.objects.get()
    assert row.expires_at > timezone.now() + timedelta(days=6)
