"""A launch's rows: how many, called what, counted once however often it is asked."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts.context import Context
from accounts.errors import Conflict, OverQuota
from accounts.models import AuditEvent, Quota
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.models import Instance
from compute.instances.services import keypairs
from compute.instances.services.launch_request import LaunchRequest
from compute.instances.states import TaskState, VmState
from compute.networks.models import Network, Port
from tests import factories

RequestFor = Callable[..., LaunchRequest]
RowCounts = Callable[[], dict[str, int]]


def test_what_one_launch_writes(as_alice: Context, request_for: RequestFor, row_counts: RowCounts) -> None:
    before = row_counts()
    (made,) = launch(as_alice, request_for(name=" web ", user_data="#!/bin/sh\r\necho é\r\n"))
    after = row_counts()
    assert {label for label in after if after[label] != before[label]} == {
        "compute.Instance",
        "compute.Port",
        "compute.Operation",
        "compute.Hold",
        "accounts.AuditEvent",
    }
    instance = Instance.objects.get()
    assert (instance, instance.name, instance.project) == (made, "web", as_alice.project)
    assert (instance.user, instance.hypervisor, instance.launched_at) == (as_alice.user, None, None)
    assert (instance.vm_state, instance.task_state) == (VmState.BUILDING, TaskState.SCHEDULING)
    assert (instance.vcpus, instance.ram_mib, instance.disk_gib) == (1, 128, 1)
    assert base64.b64decode(instance.user_data).decode() == "#!/bin/sh\necho é\n"
    port = instance.ports.get()
    assert (port.address, port.project) == ("10.48.0.10", as_alice.project)
    operation = Operation.objects.on(instance.pk).get()
    assert (operation.kind, operation.state) == ("instance.launch", Operation.State.PENDING)
    held = {(hold.resource_type, hold.resource_id, hold.shared) for hold in operation.holds.all()}
    assert held == {("instance", instance.pk, False), ("image", instance.image_id, True)}
    assert operation.request_id == "req-alice"
    event = AuditEvent.objects.get()
    assert (event.action, event.outcome, event.target_id) == ("instance.launch", "requested", str(made.pk))


def test_three_at_once_are_numbered(as_alice: Context, request_for: RequestFor) -> None:
    made = launch(as_alice, request_for(name="web", count="3"))
    assert [instance.name for instance in made] == ["web-1", "web-2", "web-3"]
    assert [Operation.objects.on(instance.pk).get().kind for instance in made] == ["instance.launch"] * 3
    assert [instance.ports.get().address for instance in made] == ["10.48.0.10", "10.48.0.11", "10.48.0.12"]
    assert AuditEvent.objects.count() == 3


def test_all_or_none_for_want_of_quota(
    as_alice: Context, request_for: RequestFor, row_counts: RowCounts
) -> None:
    Quota.objects.create(project=as_alice.project, resource="ram", limit=300)
    before = row_counts()
    with pytest.raises(OverQuota) as refused:
        launch(as_alice, request_for(count=3))
    assert row_counts() == before
    (short,) = refused.value.shortages
    assert (short.resource, short.requested, short.left, short.limit) == ("ram", 384, 300, 300)
    assert len(launch(as_alice, request_for(count=2))) == 2


def test_all_or_none_for_want_of_addresses(
    as_alice: Context, request_for: RequestFor, row_counts: RowCounts
) -> None:
    Network.objects.update(cidr="10.0.0.0/29")  # five addresses are left of eight
    before = row_counts()
    with pytest.raises(Conflict, match="no free address left"):
        launch(as_alice, request_for(count=6))
    assert row_counts() == before
    assert len(launch(as_alice, request_for(count=5))) == 5


def test_without_a_network_it_is_a_conflict(as_alice: Context, request_for: RequestFor) -> None:
    Network.objects.all().delete()
    with pytest.raises(Conflict, match="no network"):
        launch(as_alice, request_for())
    assert not Instance.objects.exists()


def test_the_projects_own_network_comes_first(as_alice: Context, request_for: RequestFor) -> None:
    own = factories.NetworkFactory(project=as_alice.project, name="own", cidr="192.0.2.0/24")
    launch(as_alice, request_for())
    assert Port.objects.get().network == own


def test_a_key_pair_is_copied(as_alice: Context, request_for: RequestFor) -> None:
    keypair, _private = keypairs.generate(as_alice, "laptop")
    (made,) = launch(as_alice, request_for(keypair_name="laptop"))
    keypairs.delete(as_alice, "laptop")
    made.refresh_from_db()
    assert (made.key_name, made.public_key) == ("laptop", keypair.public_key)


@pytest.mark.parametrize("key", ["abc", "x" * 10_000, "\0", "\ud800"])
def test_asked_again_with_the_same_key_it_gives_the_same(
    as_alice: Context, request_for: RequestFor, row_counts: RowCounts, key: str
) -> None:
    first = launch(as_alice, request_for(count=2), key)
    before = row_counts()
    assert launch(as_alice, request_for(count=2), key) == first
    assert launch(as_alice, request_for(name="other", count=1), key) == first, "the key decides"
    assert row_counts() == before


def test_other_keys_and_other_projects_are_other_launches(
    as_alice: Context, as_bob: Context, request_for: RequestFor
) -> None:
    made = [
        *launch(as_alice, request_for(), "a"),
        *launch(as_alice, request_for(), "a:1"),
        *launch(as_alice, request_for(), "a%"),
        *launch(as_alice, request_for()),
        *launch(as_alice, request_for()),
        *launch(as_bob, request_for(), "a"),
    ]
    assert len(set(made)) == len(made)
    assert launch(as_alice, request_for(), "a") == made[:1]


def test_a_verb_asked_again_with_the_same_key_begins_once(as_alice: Context) -> None:
    instance = factories.InstanceFactory(project=as_alice.project)
    first = begin(as_alice, "instance.stop", instance.pk, idempotency_key="k" * 500)
    assert begin(as_alice, "instance.stop", instance.pk, idempotency_key="k" * 500) == first
    assert Operation.objects.count() == 1


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_ten_at_once_with_one_key_launch_once(as_alice: Context, request_for: RequestFor) -> None:
    def ask(_number: int) -> list[Instance]:
        try:
            return launch(as_alice, request_for(count=2), "double-click")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(ask, range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert Instance.objects.count() == Operation.objects.count() == 2
    assert len(answers[0]) == 2


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_of_three_conflicting_verbs_at_once_one_wins_and_deletion_always(as_alice: Context) -> None:
    instance = factories.InstanceFactory(project=as_alice.project)

    def ask(verb: str) -> str:
        try:
            begin(as_alice, f"instance.{verb}", instance.pk)
        except Conflict:
            return "conflict"
        finally:
            connections.close_all()
        return "begun"

    with ThreadPoolExecutor(3) as threads:
        answers = dict(zip(verbs := ("stop", "reboot", "force_reboot"), threads.map(ask, verbs), strict=True))
    assert sorted(answers.values()) == ["begun", "conflict", "conflict"]
    assert ask("delete") == "begun"
    assert [row.cancel_requested for row in Operation.objects.on(instance.pk).order_by("created_at")] == [
        True,
        False,
    ]
