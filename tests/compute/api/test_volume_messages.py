"""Messages about what failed: who reads them, how they are narrowed, and that deleting one hides it alone."""

import pytest

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.volumes.models import DismissedMessage
from compute.volumes.services import volume_placement
from tests import factories
from tests.compute.api.volume_calls import NEWEST, BlockStorage, block_storage_of
from tests.worker import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(volumes: BlockStorage, blue: Project) -> str:
    """The id of a volume that no pool could take."""
    factories.PoolFactory()
    factories.VolumeTypeFactory(name="flash", extra_specs={"capabilities:vendor_name": "Acme"})
    made = volumes.post("volumes", {"volume": {"size": 1, "volume_type": "flash"}}, 202)["volume"]
    work("volume.create")
    assert volumes.get(f"volumes/{made['id']}")["volume"]["status"] == "error"
    return str(made["id"])


def test_a_failure_leaves_a_message(volumes: BlockStorage, failed: str) -> None:
    (message,) = volumes.get("messages")["messages"]
    assert message["resource_uuid"] == failed
    assert (message["resource_type"], message["message_level"]) == ("VOLUME", "ERROR")
    assert message["event_id"] == "VOLUME_VOLUME_001_001"
    assert "does not meet vendor_name=Acme of the type" in message["user_message"]
    assert message["guaranteed_until"] > message["created_at"]
    assert volumes.get(f"messages/{message['id']}")["message"] == message


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("message_level=error", 1),
        ("message_level=warning", 0),
        ("resource_type=volume", 1),
        ("resource_type=VOLUME_BACKUP", 0),
        ("resource_type=tape", 0),
        ("event_id=VOLUME_VOLUME_001_001", 1),
        ("event_id=VOLUME_VOLUME_000_001", 0),
        ("event_id=VOLUME_VOLUME_BACKUP_013_001", 0),
        ("event_id=other", 0),
        ("resource_uuid=00000000-0000-4000-8000-000000000000", 0),
        ("resource_uuid=x", 0),
        ("request_id=req-none", 0),
        ("limit=0", 0),
    ],
)
def test_lists_are_narrowed(volumes: BlockStorage, failed: str, query: str, count: int) -> None:
    assert len(volumes.get(f"messages?{query}")["messages"]) == count
    message = volumes.get("messages")["messages"][0]
    for name in ("resource_uuid", "request_id"):
        assert len(volumes.get(f"messages?{name}={message[name]}")["messages"]) == 1


def test_deleting_hides_the_message_and_leaves_the_history(
    volumes: BlockStorage, admin_volumes: BlockStorage, failed: str
) -> None:
    key = volumes.get("messages")["messages"][0]["id"]
    assert [row["id"] for row in admin_volumes.get("messages")["messages"]] == [key]
    volumes.delete(f"messages/{key}", 204)
    volumes.delete(f"messages/{key}", 404)
    volumes.get(f"messages/{key}", 404)
    assert volumes.get("messages")["messages"] == admin_volumes.get("messages")["messages"] == []
    assert Operation.objects.filter(pk=key).exists()
    Operation.objects.filter(pk=key).delete()
    assert not DismissedMessage.objects.exists()


def test_others_read_none(volumes: BlockStorage, failed: str, bob: User, red: Project) -> None:
    key = volumes.get("messages")["messages"][0]["id"]
    theirs = block_storage_of(bob, red).at(NEWEST)
    assert theirs.get("messages")["messages"] == []
    theirs.get(f"messages/{key}", 404)
    theirs.delete(f"messages/{key}", 404)


@pytest.mark.parametrize(
    ("specs", "fits"),
    [
        ({}, True),
        ({"vendor_name": "Meridian"}, True),
        ({"vendor_name": "<in> Mer"}, True),
        ({"thin_provisioning_support": "<is> True"}, True),
        ({"capabilities:multiattach": "<is> True"}, False),
        ({"storage_protocol": "<or> iSCSI <or> file"}, True),
        ({"storage_protocol": "iSCSI"}, False),
        ({"nobody_knows": "1"}, False),
        ({"hw:anything": "1"}, True),
    ],
)
def test_types_choose_pools_by_what_these_offer(specs: dict[str, str], fits: bool) -> None:
    pool = factories.PoolFactory(name="fast")
    for extra in ({}, {"volume_backend_name": "fast"}):
        kind = factories.VolumeTypeFactory(extra_specs=specs | extra)
        assert (volume_placement.type_refusal(kind, pool) == "") == fits
    other = factories.VolumeTypeFactory(extra_specs={"volume_backend_name": "slow"})
    assert "volume_backend_name=slow" in volume_placement.type_refusal(other, pool)
