"""Hints to workers and news to pages: after commit, ids and topics only, and no harm when Redis is away."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compute.engine.models import Hold, Operation
from compute.engine.operations import queue
from compute.engine.services import broadcast, dispatch, transitions
from compute.engine.services.breaker import Breaker
from tests import factories


@pytest.fixture
def broker(redis_server: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """Redis with an empty queue; what earlier tests found to be away is forgotten."""
    monkeypatch.setattr(dispatch, "_broker", Breaker(seconds=5))
    monkeypatch.setattr(broadcast, "_layer", Breaker(seconds=5))
    with redis.Redis(unix_socket_path=str(redis_server)) as client:
        client.flushall()
        yield client


def queued(broker: redis.Redis) -> list[object]:
    """The arguments of every message in the queue."""
    return [
        json.loads(base64.b64decode(json.loads(message)["body"]))[0]
        for message in broker.lrange(dispatch.COMMON, 0, -1)
    ]


@pytest.mark.django_db(transaction=True)
def test_a_hint_carries_the_id_and_goes_out_after_commit(broker: redis.Redis) -> None:
    operation = factories.OperationFactory()
    with transaction.atomic():
        dispatch.send_on_commit(operation.pk)
        assert queued(broker) == []
    assert queued(broker) == [[str(operation.pk)]]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_announced(broker: redis.Redis) -> None:
    operation = factories.OperationFactory()
    with transaction.atomic():
        dispatch.send_on_commit(operation.pk)
        transaction.set_rollback(True)
    assert queued(broker) == []


ALONE = """
import time, uuid
import django
django.setup()
from compute.engine.services import broadcast, dispatch
start = time.perf_counter()
dispatch.send(uuid.uuid4())
broadcast._send(["project.blue"], ["instances"])
print(time.perf_counter() - start)
while not broadcast._layer.is_open:
    time.sleep(0.01)
"""


def test_without_redis_the_caller_goes_on_at_once(tmp_path: Path) -> None:
    """The rows are there: the sweeper announces them when Redis is back."""
    environment = os.environ | {"MERIDIAN_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    alone = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert alone.returncode == 0, alone.stderr
    assert float(alone.stdout) < 1
    assert "broker away" in alone.stderr
    assert "channel layer away" in alone.stderr


@pytest.mark.django_db(transaction=True)
def test_pages_of_the_project_and_of_administrators_hear_topics_only(broker: redis.Redis) -> None:
    operation: Operation = factories.OperationFactory(instance__name="secret-name")
    instance = factories.instance_of(operation)
    heard = asyncio.run(
        _listen(instance.project_id, lambda: transitions.change(instance, name="still-secret"))
    )
    topics = ["instances", f"instance:{instance.pk}", "quota"]
    assert heard == {
        f"project.{instance.project_id}": {"type": "changed", "topics": topics},
        "all": {"type": "changed", "topics": topics},
        "project.other": None,
    }
    heard = asyncio.run(_listen(instance.project_id, lambda: broadcast.operation_changed(operation)))
    assert heard["all"] == {
        "type": "changed",
        "topics": ["operations", "instances", f"instance:{instance.pk}"],
    }


async def _listen(project_id: str, change) -> dict[str, dict[str, object] | None]:
    """What each group's listeners receive of a change; None where nothing comes."""
    layer = get_channel_layer()
    channels: dict[str, str] = {}
    for group in (f"project.{project_id}", "all", "project.other"):
        channels[group] = await layer.new_channel()
        await layer.group_add(group, channels[group])
    await sync_to_async(change)()
    heard: dict[str, dict[str, object] | None] = {}
    for group, channel in channels.items():
        try:
            heard[group] = await asyncio.wait_for(
                layer.receive(channel), 2 if group != "project.other" else 0.2
            )
        except TimeoutError:
            heard[group] = None
        await layer.group_discard(group, channel)
    await layer.flush()
    return heard


@pytest.mark.django_db(transaction=True)
def test_rows_that_only_share_another_do_not_wait_for_each_other(broker: redis.Redis) -> None:
    """Twenty launches of one image: the end of each announced all that were left."""
    first, second, third = (factories.OperationFactory() for _number in range(3))
    image = factories.ImageFactory()
    for operation, shared in ((first, True), (second, True), (third, False)):
        Hold.objects.create(operation=operation, resource_type="image", resource_id=image.pk, shared=shared)
    assert list(queue.waiting_behind(first)) == [third]
    assert [queue.must_wait(operation) for operation in (first, second, third)] == [False, False, True]
    Operation.objects.filter(pk__in=[first.pk, second.pk]).update(state=Operation.State.SUCCEEDED)
    assert not queue.must_wait(Operation.objects.get(pk=third.pk))


@pytest.mark.django_db(transaction=True)
def test_an_event_announces_only_operations_that_no_worker_has(broker: redis.Redis) -> None:
    running, waiting = (factories.OperationFactory() for _number in range(2))
    image = factories.ImageFactory()
    for operation in (running, waiting):
        Hold.objects.create(operation=operation, resource_type="image", resource_id=image.pk, shared=True)
    soon = timezone.now() + timedelta(minutes=1)
    Operation.objects.filter(pk=running.pk).update(lease_until=soon)
    queue.wake_sharing(image.pk, "delivered")
    assert queued(broker) == [[str(waiting.pk)]]
    woken = Operation.objects.filter(woken_by="delivered")
    assert set(woken) == {running, waiting}
