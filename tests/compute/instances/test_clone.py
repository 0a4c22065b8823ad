"""What beginning a clone writes, and how its one operation ends for both instances. The copying itself: tests/life."""

import pytest
from django.test import Client

from accounts.context import Context
from accounts.errors import BadInput, Conflict, OverQuota
from accounts.models import AuditEvent, Quota
from compute.engine import operations
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.actions.clone import OUTSIDE_GROUP
from compute.instances.models import Instance, ServerGroup
from compute.instances.services import instances
from compute.instances.states import TaskState, VmState
from compute.networks.models import Network, Port
from tests import factories
from tests.worker import run

pytestmark = pytest.mark.django_db
State = Operation.State


@pytest.fixture
def source(as_alice: Context, network: Network) -> Instance:
    source = factories.InstanceFactory(
        project=as_alice.project,
        name="source",
        user_data="IyEvYmluL3No",
        metadata={"team": "blue"},
        tags=["web"],
        public_key="ssh-ed25519 AAAA",
    )
    factories.PortFactory(instance=source, network=network, address="10.48.0.10")
    return source


def clone(context: Context, source: Instance, name: str = "copy") -> tuple[Instance, Operation]:
    """The copy, and the operation that makes it."""
    copying = begin(context, "instance.clone", source.pk, parameters={"name": name})
    assert copying is not None
    copy = Instance.objects.get(pk=copying.parameters["copy"])
    return copy, copying


def test_the_copy_is_like_the_source_and_has_its_own_identity(as_alice: Context, source: Instance) -> None:
    copy, copying = clone(as_alice, source)
    for field in (
        "project",
        "flavor_id",
        "flavor_name",
        "image",
        "vcpus",
        "ram_mib",
        "disk_gib",
        "user_data",
        "metadata",
        "tags",
    ):
        assert getattr(copy, field) == getattr(source, field)
    assert (copy.name, copy.user, copy.vm_state) == ("copy", as_alice.user, VmState.BUILDING)
    assert list(Operation.objects.on(copy.pk)) == list(Operation.objects.on(source.pk)) == [copying]
    mine, its = Port.objects.get(instance=copy), Port.objects.get(instance=source)
    assert mine.network == its.network
    assert (mine.address, mine.mac) != (its.address, its.mac)
    source.refresh_from_db()
    assert (source.vm_state, source.task_state) == (VmState.ACTIVE, TaskState.CLONING)


@pytest.mark.parametrize("name", ["", " ", "x" * 256, None])
def test_a_name_is_needed(as_alice: Context, source: Instance, name: object) -> None:
    with pytest.raises(BadInput) as refused:
        begin(as_alice, "instance.clone", source.pk, parameters={"name": name})
    assert set(refused.value.fields) == {"name"}
    assert Instance.objects.count() == 1


def test_it_needs_quota(as_alice: Context, source: Instance) -> None:
    Quota.objects.create(project=as_alice.project, resource="instances", limit=1)
    with pytest.raises(OverQuota):
        clone(as_alice, source)
    assert Instance.objects.count() == 1


def test_it_needs_room_on_the_sources_host(as_alice: Context, source: Instance) -> None:
    source.hypervisor = factories.HypervisorFactory(vcpus=1)
    source.save()
    with pytest.raises(Conflict, match="vCPUs left"):
        clone(as_alice, source)
    assert Instance.objects.count() == 1


def test_asked_twice_with_one_key_it_makes_one(as_alice: Context, source: Instance) -> None:
    for _ in range(2):
        begin(as_alice, "instance.clone", source.pk, parameters={"name": "copy"}, idempotency_key="key")
    assert Instance.objects.count() == 2


def test_one_operation_holds_both_and_its_progress_shows_on_both(as_alice: Context, source: Instance) -> None:
    copy, copying = clone(as_alice, source)
    held = [(hold.resource_type, hold.resource_id, hold.shared) for hold in copying.holds.all()]
    assert held == [
        ("instance", source.pk, False),
        ("instance", copy.pk, False),
        ("image", source.image_id, True),
    ]
    Operation.objects.update(progress={"done": 1, "total": 2, "unit": "bytes"})
    for row in instances.page(as_alice):
        assert row.open_operation == copying
        assert row.open_operation.progress["done"] == 1


def test_a_copying_that_fails_leaves_a_copy_that_says_why(as_alice: Context, source: Instance) -> None:
    """The source never found a host, so there is nothing to copy."""
    copy, copying = clone(as_alice, source)
    assert run(copying).state == State.FAILED
    copy.refresh_from_db()
    assert (copy.vm_state, copy.task_state) == (VmState.ERROR, None)
    assert copy.fault is not None
    assert "has no disk yet" in copy.fault["message"]
    source.refresh_from_db()
    assert (source.vm_state, source.task_state) == (VmState.ACTIVE, None)
    assert source.fault is not None


@pytest.mark.parametrize("side", ["source", "copy"])
def test_cancelled_from_either_side_it_leaves_the_source_as_it_was(
    as_alice: Context, source: Instance, side: str
) -> None:
    copy, copying = clone(as_alice, source)
    begin(as_alice, "instance.cancel", {"source": source, "copy": copy}[side].pk)
    assert run(copying).state == State.CANCELLED
    copy.refresh_from_db()
    assert (copy.vm_state, copy.task_state) == (VmState.ERROR, None)
    assert "cancelled" in copy.fault["message"]
    source.refresh_from_db()
    assert (source.vm_state, source.task_state, source.fault) == (VmState.ACTIVE, None, None)


def test_deleting_the_copy_ends_the_copying(as_alice: Context, source: Instance) -> None:
    copy, copying = clone(as_alice, source)
    begin(as_alice, "instance.delete", copy.pk)
    purge = Operation.objects.on(copy.pk).get(kind="instance.purge")
    assert list(operations.due()) == [copying], "it waits until the copying has let go of the files"
    assert run(copying).state == State.CANCELLED
    copy.refresh_from_db()
    assert (copy.vm_state, copy.task_state) == (VmState.BUILDING, TaskState.DELETING)
    assert run(purge).state == State.SUCCEEDED
    copy.refresh_from_db()
    assert (copy.vm_state, copy.fault) == (VmState.DELETED, None)
    source.refresh_from_db()
    assert (source.vm_state, source.task_state) == (VmState.ACTIVE, None)


def test_deleting_the_source_ends_the_copying(as_alice: Context, source: Instance) -> None:
    copy, copying = clone(as_alice, source)
    deletion = begin(as_alice, "instance.delete", source.pk)
    assert list(operations.due()) == [copying]
    assert run(copying).state == State.CANCELLED
    source.refresh_from_db()
    assert source.task_state == TaskState.SOFT_DELETING
    copy.refresh_from_db()
    assert (copy.vm_state, copy.task_state) == (VmState.ERROR, None)
    assert list(operations.due()) == [deletion]


# ── Server groups ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("rule", ["affinity", "soft-affinity", "soft-anti-affinity"])
def test_the_copy_joins_the_sources_group(as_alice: Context, source: Instance, rule: str) -> None:
    group = grouped(source, policy=rule)
    copy, copying = clone(as_alice, source)
    assert copy.server_group == group
    assert OUTSIDE_GROUP not in copying.parameters


def test_where_the_group_forbids_it_the_copy_stays_outside_and_says_why(
    as_alice: Context, source: Instance, client: Client
) -> None:
    grouped(source, policy="anti-affinity", name="apart")
    copy, copying = clone(as_alice, source)
    assert copy.server_group is None
    said = copying.parameters[OUTSIDE_GROUP]
    assert said.startswith("It is not in the server group apart. ")
    assert "has 1 of the server group apart already" in said
    assert AuditEvent.objects.get(action="instance.clone").detail[OUTSIDE_GROUP] == said
    Operation.objects.update(state=State.SUCCEEDED)
    Instance.objects.filter(pk=source.pk).update(task_state=None)
    client.force_login(as_alice.user, backend="accounts.authentication.PasswordBackend")
    page = client.post(f"/instances/{source.pk}/actions/clone/", {"name": "again"}, follow=True)
    assert "It is not in the server group apart." in page.content.decode()


def test_a_group_that_lets_two_stand_together_takes_the_copy(as_alice: Context, source: Instance) -> None:
    group = grouped(source, policy="anti-affinity", most_per_host=2)
    assert clone(as_alice, source)[0].server_group == group


def test_a_full_group_takes_no_copy(as_alice: Context, source: Instance) -> None:
    grouped(source, policy="affinity")
    Quota.objects.create(project=as_alice.project, resource="server_group_members", limit=1)
    copy, copying = clone(as_alice, source)
    assert copy.server_group is None
    assert "too many servers in group" in copying.parameters[OUTSIDE_GROUP]


def grouped(source: Instance, **fields: object) -> ServerGroup:
    """Puts the source, on a host, into a group of its project."""
    source.server_group = factories.ServerGroupFactory(project=source.project, **fields)
    source.hypervisor = factories.HypervisorFactory()
    source.save()
    return source.server_group
