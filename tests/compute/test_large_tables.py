"""What pages ask costs the same in large tables as in small ones: they read by index, and count no whole table."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.context import Context
from accounts.models import AuditEvent, Project
from accounts.services import audit_log
from accounts.services.audit_log import Filters
from compute.engine.models import Hold, Operation
from compute.engine.services import operations_log
from compute.instances.models import Instance
from compute.instances.services import instances
from compute.instances.states import VmState
from portal.consumers.live import newest_change
from tests import factories
from tests.proof import examples

FEW = 100
NOISE = 60
"""Steps of SQLite, or rows: a page that has another one after it takes one row more."""


def operations(instance: Instance, first: int, last: int) -> None:
    made = Operation.objects.bulk_create(
        (
            Operation(
                kind="instance.stop",
                project=instance.project,
                subject_type="instance",
                subject_id=instance.pk,
                state=Operation.State.SUCCEEDED,
                due_at=timezone.now(),
            )
            for _number in range(first, last)
        ),
        batch_size=2000,
    )
    Hold.objects.bulk_create(
        (Hold(operation=row, resource_type="instance", resource_id=instance.pk) for row in made),
        batch_size=2000,
    )


def events(project: Project, first: int, last: int) -> None:
    AuditEvent.objects.bulk_create(
        (
            AuditEvent(project_id=project.id, action="instance.stop", outcome="succeeded", user_name="alice")
            for _number in range(first, last)
        ),
        batch_size=2000,
    )


def work(call: Callable[[], object]) -> int:
    """Return how much the database does for it: SQLite's steps, PostgreSQL's rows read."""
    if connection.vendor == "sqlite":
        return _steps(call)
    return sum(_rows_read(plan) for plan in _plans(call))


def _steps(call: Callable[[], object]) -> int:
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(step, 1)
    try:
        call()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps


def _plans(call: Callable[[], object]) -> list[Any]:
    """Call, and return PostgreSQL's plan of each query."""
    asked: list[tuple[str, Any]] = []
    with connection.execute_wrapper(_listener(asked)):
        call()
    plans = []
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0]
            plans.append((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    return plans


def _listener(asked: list[tuple[str, Any]]) -> Callable[..., Any]:
    """Return a wrapper of `execute` that notes each query."""

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    return listen


def _rows_read(plan: dict[str, Any]) -> int:
    below = sum(_rows_read(part) for part in plan.get("Plans", ()))
    if below:
        return below
    return int(plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)))


def _analyze() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


@pytest.mark.timeout(900)  # to make so many rows, where other tests have most of the processors
@pytest.mark.parametrize("count", examples([5_000, 100_000], 5_000))
def test_operations_and_events_cost_the_same_however_many_there_are(
    as_alice: Context, as_root: Context, as_max: Context, blue: Project, count: int
) -> None:
    instance = factories.InstanceFactory(project=blue)

    calls: dict[str, Callable[[], object]] = {
        "overview": lambda: operations_log.recent(as_alice, size=6),
        "activity": lambda: operations_log.recent(as_alice),
        "activity, older": lambda: operations_log.recent(as_alice, before=older),
        "activity of all": lambda: operations_log.recent(as_root, all_projects=True),
        "activity of all, older": lambda: operations_log.recent(as_root, all_projects=True, before=older),
        "activity of one": lambda: operations_log.recent(as_alice, row=instance),
        "in progress": lambda: operations_log.in_progress(as_alice),
        "audit": lambda: audit_log.read(as_root, Filters()),
        "audit, older": lambda: audit_log.read(as_root, Filters(), before=older_event),
        "audit of a project": lambda: audit_log.read(as_max, Filters()),
        "audit of a project, older": lambda: audit_log.read(as_max, Filters(), before=older_event),
        "live": lambda: newest_change(Operation.objects.visible_to(as_alice)),
        "live for all": lambda: newest_change(Operation.objects.visible_to(as_root, all_projects=True)),
    }
    measured = []
    for first, last in ((0, FEW), (FEW, count)):
        operations(instance, first, last)
        events(blue, first, last)
        _analyze()
        older = operations_log.recent(as_alice, size=last // 2).older
        older_event = audit_log.read(as_root, Filters(), size=last // 2).older
        measured.append({name: work(call) for name, call in calls.items()})
    few, many = measured
    assert {name: (few[name], many[name]) for name in calls if many[name] > few[name] * 1.3 + NOISE} == {}


def test_instances_of_a_project_are_counted_by_index(as_alice: Context, blue: Project, red: Project) -> None:
    """SQLite looks into the index alone. PostgreSQL chooses by cost, but reads no other project's rows."""
    for project, count in ((blue, 200), (red, 4000)):
        fields = {"project": project, "vcpus": 1, "ram_mib": 128, "disk_gib": 1}
        Instance.objects.bulk_create(Instance(name=f"web-{number}", **fields) for number in range(count))
    _analyze()
    rows = Instance.objects.visible_to(as_alice).existing().exclude(vm_state=VmState.SOFT_DELETED)
    assert instances.page(as_alice).paginator.count == rows.count() == 200
    if connection.vendor == "sqlite":
        assert "USING COVERING INDEX instances_by_state" in rows.order_by().values("vm_state").explain()
        plan = rows.order_by("-created_at", "id")[:50].explain()
        assert "USING INDEX instances_of_project" in plan
        assert "ORDER BY" not in plan, "the index is in the order of the list"
    else:
        assert work(rows.count) == 200
