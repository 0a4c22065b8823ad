"""Growing while it runs: what there is room for, and what begins."""

import pytest
from django.test import Client

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.services import hardware, headroom
from compute.instances.states import VmState
from tests import factories

pytestmark = pytest.mark.django_db
HEADROOM = {"vcpus": 4, "ram_mib": 4096, "slots": 8}


def running(context: Context, **fields: object) -> Instance:
    size = {"vcpus": 1, "ram_mib": 1024, "disk_gib": 2, "headroom": HEADROOM} | fields
    host = factories.HypervisorFactory()
    return factories.InstanceFactory(
        project=context.project, user=context.user, vm_state=VmState.ACTIVE, hypervisor=host, **size
    )


@pytest.mark.parametrize(
    ("size", "fields", "said"),
    [
        ({"vcpus": 5}, {}, "Can grow to 4 vCPUs"),
        ({"ram_mib": 8192}, {}, "Can grow to 4096 MiB"),
        ({"ram_mib": 1100}, {}, "steps of 128 MiB"),
        ({"ram_mib": 2048}, {"headroom": HEADROOM | {"slots": 0}}, "slots for memory are full"),
        ({"vcpus": 1, "ram_mib": 512}, {}, "It is smaller"),
        ({"disk_gib": 1}, {}, "cannot shrink"),
        ({"vcpus": 2, "extra_specs": {"hw:cpu_cores": "2"}}, {}, "changes the machine itself"),
    ],
)
def test_what_does_not_fit(
    as_alice: Context, size: dict[str, object], fields: dict[str, object], said: str
) -> None:
    instance = running(as_alice, **fields)
    flavor = factories.FlavorFactory(**{"vcpus": 2, "ram_mib": 1024, "disk_gib": 2} | size)
    with pytest.raises(BadInput) as refusal:
        begin(as_alice, "instance.grow", instance.pk, parameters={"flavor_id": flavor.pk})
    assert said in str(refusal.value.fields["flavor_id"])


def test_what_was_not_started_by_us_has_no_room(as_alice: Context) -> None:
    instance = running(as_alice, headroom=None)
    with pytest.raises(Conflict, match="Stop and start it"):
        begin(as_alice, "instance.grow", instance.pk, parameters={"flavor_id": "1"})


def test_it_counts_at_once_and_is_no_resize_on_record(as_alice: Context) -> None:
    instance = running(as_alice)
    flavor = factories.FlavorFactory(vcpus=2, ram_mib=1280, disk_gib=3)
    begin(as_alice, "instance.grow", instance.pk, parameters={"flavor_id": flavor.pk})
    row = Instance.objects.get()
    assert (row.vcpus, row.ram_mib, row.disk_gib, row.status) == (2, 1280, 3, "ACTIVE")
    begin(as_alice, "instance.cancel", instance.pk)
    begin(as_alice, "instance.purge", instance.pk)


@pytest.mark.parametrize(
    ("vcpus", "ram_mib", "specs", "kept"),
    [
        (1, 64, {}, (4, 64, 0)),
        (1, 1024, {}, (4, 4096, 8)),
        (32, 1024, {}, (64, 4096, 8)),
        (100, 2**20, {}, (100, 2**20, 0)),
        (4, 2048, {"hw:cpu_cores": "2"}, (4, 8192, 8)),
    ],
)
def test_the_room_that_machines_keep(
    vcpus: int, ram_mib: int, specs: dict[str, str], kept: tuple[int, int, int]
) -> None:
    instance = factories.InstanceFactory(vcpus=vcpus, ram_mib=ram_mib, hardware={"flavor": specs})
    found = headroom.plan(instance, hardware.spec_of(instance))
    assert (found.vcpus, found.memory_mib, found.slots) == kept


def test_the_page_of_a_resize_offers_it_or_says_why_not(as_alice: Context, client: Client) -> None:
    instance = running(as_alice)
    client.force_login(as_alice.user, backend="accounts.authentication.PasswordBackend")
    path = f"/instances/{instance.pk}/actions"
    fits = factories.FlavorFactory(vcpus=2, ram_mib=1280, disk_gib=3)
    vast = factories.FlavorFactory(vcpus=8, ram_mib=1280, disk_gib=3)
    assert f'formaction="{path}/grow/"' in page(client, f"{path}/resize/?flavor_id={fits.pk}")
    assert "“Resize live” is not possible: Can grow to 4 vCPUs while running." in page(
        client, f"{path}/resize/?flavor_id={vast.pk}"
    )
    alone = page(client, f"{path}/grow/?flavor_id={fits.pk}")
    assert "Adds vCPUs, memory and disk while it runs" in alone
    assert "Can grow to 4 vCPUs" in alone


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()
