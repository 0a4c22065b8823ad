"""What nobody works on is announced, oldest first, ever more seldom, in messages that do not pile up."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.db.models import F
from django.utils import timezone

from compute.engine import operations
from compute.engine.models import Hold, Operation
from compute.engine.operations import announcing
from compute.engine.services import dispatch
from compute.engine.services.breaker import Breaker
from tests import factories
from tests.compute.engine.tiny_plan import TinyPlan

pytestmark = pytest.mark.django_db
PAUSES = (5, 10, 20, 40, 60, 60, 60)


@pytest.fixture
def broker(redis_server: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """Redis with empty queues; what earlier tests found to be away is forgotten."""
    monkeypatch.setattr(dispatch, "_broker", Breaker(seconds=5))
    with redis.Redis(unix_socket_path=str(redis_server)) as client:
        client.flushall()
        yield client


def messages(broker: redis.Redis, queue: str = dispatch.COMMON) -> list[dict[str, object]]:
    """Every message in the queue, the first one first."""
    return [json.loads(message) for message in reversed(broker.lrange(queue, 0, -1))]


def announced(broker: redis.Redis, queue: str = dispatch.COMMON) -> list[str]:
    """The ids in the queue, the first one first; the queue is empty afterwards."""
    found = [json.loads(base64.b64decode(message["body"]))[0][0] for message in messages(broker, queue)]
    broker.delete(queue)
    return found


def later(seconds: float) -> None:
    """As if so much time had passed since the last announcement."""
    Operation.objects.update(announced_at=F("announced_at") - timedelta(seconds=seconds))


def test_of_six_hundred_the_oldest_are_announced_first(broker: redis.Redis) -> None:
    instance = factories.InstanceFactory()
    now = timezone.now()
    rows = [
        Operation(
            kind="tiny",
            subject_type="instance",
            subject_id=instance.pk,
            project=instance.project,
            due_at=now,
        )
        for _ in range(600)
    ]
    Operation.objects.bulk_create(rows)
    for number, row in enumerate(rows):
        row.created_at = now - timedelta(seconds=number)  # the last one made is the oldest
    Operation.objects.bulk_update(rows, ["created_at"])
    oldest_first = [str(row.pk) for row in reversed(rows)]
    assert announcing.announce_due() == announcing.MOST == 500
    assert announced(broker) == oldest_first[:500]
    assert announcing.announce_due() == 100, "those that were told of do not keep the others from it"
    assert announced(broker) == oldest_first[500:]
    assert announcing.announce_due() == 0


def test_who_is_not_heard_is_announced_ever_more_seldom(broker: redis.Redis) -> None:
    row = factories.OperationFactory()
    assert announcing.announce_due() == 1
    for pause in PAUSES:
        later(pause - 1)
        assert announcing.announce_due() == 0, pause
        later(1)
        assert announcing.announce_due() == 1, pause
    assert announced(broker) == [str(row.pk)] * (len(PAUSES) + 1)


def test_once_it_was_taken_up_it_is_new_again(broker: redis.Redis, plan: TinyPlan) -> None:
    row = plan.begin()
    for _ in range(4):
        announcing.announce_due()
        later(60)
    operations.Run.claim(str(row.pk)).release()
    assert Operation.objects.get().announcements == 0
    assert announcing.announce_due() == 1


def test_what_is_not_due_is_not_announced(broker: redis.Redis) -> None:
    later_on = factories.OperationFactory(due_at=timezone.now() + timedelta(minutes=1))
    factories.OperationFactory(instance=factories.instance_of(later_on))  # waits in line
    factories.OperationFactory(lease_until=timezone.now() + timedelta(minutes=1))
    factories.OperationFactory(state=Operation.State.STUCK)
    assert announcing.announce_due() == 0
    assert announced(broker) == []


def test_messages_go_to_the_hosts_queue_and_do_not_outlive_the_next(broker: redis.Redis) -> None:
    host = factories.HypervisorFactory()
    here, anywhere = factories.OperationFactory(host=host), factories.OperationFactory()
    announcing.announce_due()
    (message,) = messages(broker, dispatch.queue_of(host.pk))
    expires = message["headers"]["expires"]
    assert timezone.now() < datetime.fromisoformat(expires)
    assert datetime.fromisoformat(expires) <= timezone.now() + timedelta(seconds=dispatch.EXPIRES)
    assert announced(broker, dispatch.queue_of(host.pk)) == [str(here.pk)]
    assert announced(broker) == [str(anywhere.pk)]
    assert max(announcing.PAUSES) <= dispatch.EXPIRES


def test_it_costs_a_constant_number_of_queries(broker: redis.Redis, django_assert_num_queries) -> None:
    for count in (1, 20):
        factories.OperationFactory.create_batch(count)
        with django_assert_num_queries(2):
            assert announcing.announce_due() == count
    assert Hold.objects.count() == 21
