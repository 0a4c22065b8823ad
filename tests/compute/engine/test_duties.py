"""Leases, duties and heartbeats: of several one works, one that raises ends nothing, two beat side by side."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import DatabaseError
from django.utils import timezone

from compute.engine.models import Heartbeat, Lease
from compute.engine.services import heartbeats, leases
from compute.engine.services.duties import Duty, Rota

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """What follows is done by a process of this id."""
    return lambda number: monkeypatch.setattr("os.getpid", lambda: number)


def holder() -> str:
    return Lease.objects.get().holder.split()[1]


def test_of_two_one_has_the_lease_until_it_is_over(as_process: Callable[[int], None]) -> None:
    as_process(1)
    assert leases.acquire("sweep", 15)
    assert leases.acquire("sweep", 15), "it renews"
    as_process(2)
    assert not leases.acquire("sweep", 15)
    assert holder() == "1"
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert leases.acquire("sweep", 15)
    as_process(1)
    assert not leases.acquire("sweep", 15), "it comes back too late"
    leases.release("sweep")
    assert not leases.acquire("sweep", 15), "it cannot give back what it has not"
    assert holder() == "2"


def test_what_is_given_back_is_taken_at_once(as_process: Callable[[int], None]) -> None:
    as_process(1)
    assert leases.acquire("sweep", 15)
    leases.release("sweep")
    as_process(2)
    assert leases.acquire("sweep", 15)


def test_hosts_with_the_same_process_ids_are_two(settings: LazySettings) -> None:
    settings.HOST = "one"
    assert leases.acquire("sweep", 15)
    settings.HOST = "two"
    assert not leases.acquire("sweep", 15)


def test_a_lease_of_another_name_is_another() -> None:
    assert leases.acquire("a", 15)
    assert leases.acquire("b", 15)
    assert Lease.objects.count() == 2


def test_a_duty_that_raises_ends_nothing() -> None:
    done: list[str] = []

    def fail(error: Exception) -> Callable[[], None]:
        def do() -> None:
            done.append(type(error).__name__)
            raise error

        return do

    rota = Rota(
        [
            Duty("broken", 0, fail(RuntimeError())),
            Duty("no database", 0, fail(DatabaseError())),
            Duty("after them", 0, lambda: done.append("done")),
        ]
    )
    for _round in range(2):
        rota.run_due()
    assert done == ["RuntimeError", "DatabaseError", "done"] * 2


def test_a_duty_waits_for_its_time() -> None:
    done: list[int] = []
    rota = Rota([Duty("rare", 3600, lambda: done.append(1))])
    for _round in range(3):
        rota.run_due()
    assert done == [1]
    assert 3000 < rota.next_at - time.monotonic() <= 3600
    assert Rota([]).next_at == float("inf")


def test_two_workers_of_a_host_beat_side_by_side(as_process: Callable[[int], None]) -> None:
    for number in (11, 12, 11):
        as_process(number)
        heartbeats.beat("worker")
    as_process(12)
    heartbeats.beat("web")
    rows = Heartbeat.objects.order_by("process", "pid").values_list("process", "pid")
    assert list(rows) == [("web", 12), ("worker", 11), ("worker", 12)]
    Heartbeat.objects.filter(pid=11).update(at=timezone.now() - 2 * heartbeats.SILENT)
    assert heartbeats.alive("worker"), "the other one does"
    Heartbeat.objects.filter(pid=12).update(at=timezone.now() - 2 * heartbeats.SILENT)
    assert not heartbeats.alive("worker")
