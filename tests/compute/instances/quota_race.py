"""Fifty people launch at the same instant into a quota that has room for one.

Run with its own DATABASE_URL and MERIDIAN_DATA, so that the project's real settings and real transactions
count. Prints what became of it as JSON. `tests/compute/instances/test_quota_race.py` reads it.
"""

import json
import multiprocessing
import os
import sys
import threading
import time
from typing import Any

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connections

PROCESSES = 5
THREADS = 10
LIMIT = 3
"""Instances that the project may have; all but one are there already."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    project_id = prepare()
    before = row_counts()
    leave_database()
    start = time.perf_counter()
    answers = race(project_id)
    seconds = time.perf_counter() - start
    after = row_counts()
    print(json.dumps(result(answers, before, after, seconds)))  # noqa: T201 - this is its answer


def prepare() -> str:
    """A project with one unit left, and fifty members."""
    from accounts.models import Quota
    from tests import factories

    project = factories.ProjectFactory(name="blue")
    Quota.objects.create(project=project, resource="instances", limit=LIMIT)
    network = factories.NetworkFactory()
    for instance in factories.InstanceFactory.create_batch(LIMIT - 1, project=project):
        factories.PortFactory(instance=instance, network=network)
    for number in range(PROCESSES * THREADS):
        factories.AssignmentFactory(user=factories.UserFactory(name=f"racer-{number}"), project=project)
    return str(project.id)


def leave_database() -> None:
    """Nothing of a connection may be carried over a fork, least of all a pool without its threads."""
    connections.close_all()
    default = connections["default"]
    if default.vendor == "postgresql":
        default.close_pool()


def race(project_id: str) -> list[dict[str, Any]]:
    """Every racer's answer; they start together, in processes of several threads each."""
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(PROCESSES * THREADS)
    answers = fork.SimpleQueue()
    processes = [
        fork.Process(target=run, args=(number, gate, project_id, answers)) for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    collected = [answers.get() for _ in range(PROCESSES * THREADS)]
    for process in processes:
        process.join()
    return collected


def run(process: int, gate: Any, project_id: str, answers: Any) -> None:
    threads = [
        threading.Thread(target=launch, args=(process * THREADS + number, gate, project_id, answers))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def launch(racer: int, gate: Any, project_id: str, answers: Any) -> None:
    """One racer's launch, as a page would do it."""
    from accounts.context import for_user
    from accounts.errors import OverQuota
    from accounts.models import User
    from compute.images.models import Image
    from compute.instances.actions.launch import launch as begin_launch
    from compute.instances.models import Flavor
    from compute.instances.services.launch_request import LaunchRequest

    answer: dict[str, Any] = {"racer": racer, "made": 0, "shortages": [], "text": ""}
    try:
        context = for_user(User.objects.get(name=f"racer-{racer}"), project_id)
        request = LaunchRequest(
            name=f"race-{racer}",
            flavor_id=Flavor.objects.first().pk,
            image_id=str(Image.objects.first().pk),
        )
        gate.wait(60)
        answer["made"] = len(begin_launch(context, request))
    except OverQuota as error:
        answer["text"] = str(error)
        answer["shortages"] = [[row.resource, row.left, row.requested] for row in error.shortages]
    finally:
        connections.close_all()
        answers.put(answer)


def row_counts() -> dict[str, int]:
    """How many rows every table has."""
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


def result(
    answers: list[dict[str, Any]], before: dict[str, int], after: dict[str, int], seconds: float
) -> dict[str, Any]:
    from accounts.models import Project
    from accounts.services import quotas
    from compute.networks.models import Port

    usage = {row.resource.name: row for row in quotas.project_usage(Project.objects.get())}
    return {
        "answers": answers,
        "used": usage["instances"].used,
        "limit": usage["instances"].limit,
        "new_rows": {label: after[label] - before[label] for label in after if after[label] != before[label]},
        "addresses": list(Port.objects.values_list("address", flat=True)),
        "vendor": connections["default"].vendor,
        "journal": journal(),
        "seconds": round(seconds, 2),
    }


def journal() -> str:
    """How SQLite keeps its journal; empty elsewhere."""
    if connections["default"].vendor != "sqlite":
        return ""
    with connections["default"].cursor() as cursor:
        return str(cursor.execute("PRAGMA journal_mode").fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
