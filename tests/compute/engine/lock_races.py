"""Transactions that lock several rows, at the same instant, many times: none may wait for the other for ever.

`tests/compute/engine/locks_on_postgresql.py` runs them.
"""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction


def run(rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Return what became of each round of each race."""
    from compute.engine.actions import registry

    for name in ("instance.clone", "instance.purge", "instance.stop"):
        registry.actions()[name].steps = ()  # what they do to hosts is no subject here
    races = {
        "clone closes, purge of its copy begins": closing,
        "clone begins, stop begins": beginning,
        "two projects clone on one host": cloning,
        "schedule comes round twice, purge ends": scheduling,
    }
    return {name: [race() for _ in range(rounds)] for name, race in races.items()}


def closing() -> dict[str, Any]:
    """A clone ends while somebody deletes its copy for good."""
    from compute.engine import operations
    from compute.engine.models import Operation
    from compute.instances.actions import begin
    from compute.instances.models import Instance
    from tests.worker import work

    context, source = something()
    cloning = begin(context, "instance.clone", source.pk, parameters={"name": "copy"})
    assert cloning is not None
    copy = cloning.parameters["copy"]
    errors = together(
        lambda: operations.execute(str(cloning.pk)),
        lambda: begin(context, "instance.purge", copy),
    )
    work()
    states = [Instance.objects.get(pk=key) for key in (source.pk, copy)]
    return {
        "errors": errors,
        "open": Operation.objects.open().count(),
        "states": [f"{row.vm_state} {row.task_state}" for row in states],
    }


def beginning() -> dict[str, Any]:
    """Two people begin something that locks the project, and something that does not, on one instance."""
    from accounts.errors import Conflict
    from compute.engine.models import Operation
    from compute.instances.actions import begin
    from tests.worker import work

    context, source = something()

    def attempt(action: str, **parameters: str) -> None:
        try:
            begin(context, action, source.pk, parameters=parameters)
        except Conflict:
            return

    errors = together(
        lambda: attempt("instance.clone", name="copy"),
        lambda: attempt("instance.stop"),
    )
    begun = Operation.objects.on(source.pk).count()
    work()
    return {"errors": errors, "open": Operation.objects.open().count(), "begun": begun}


def cloning() -> dict[str, Any]:
    """Two projects clone at once, on one host and into the same networks, which they name in another order."""
    from compute.engine.models import Operation
    from compute.instances.actions import begin
    from compute.networks.services import addresses
    from tests import factories
    from tests.worker import work

    host, networks = factories.HypervisorFactory(vcpus=64), factories.NetworkFactory.create_batch(2)
    pairs = [something(hypervisor=host), something(hypervisor=host)]
    for (_context, source), order in zip(pairs, (networks, networks[::-1]), strict=True):
        for network in order:
            with transaction.atomic():
                addresses.plug(source, source.project, network)
    errors = together(
        *(
            lambda context=context, source=source: begin(
                context, "instance.clone", source.pk, parameters={"name": "copy"}
            )
            for context, source in pairs
        )
    )
    work()
    return {"errors": errors, "open": Operation.objects.open().count()}


def scheduling() -> dict[str, Any]:
    """Two sweeps run the schedule of an instance while a worker deletes that for good."""
    from datetime import timedelta

    from django.utils import timezone

    from compute.engine import operations
    from compute.engine.models import Operation
    from compute.instances.actions import begin
    from compute.instances.duties import scheduled
    from compute.instances.models import Schedule
    from tests.worker import work

    context, source = something()
    due = timezone.now() - timedelta(minutes=1)
    Schedule.objects.create(
        project=source.project,
        instance=source,
        created_by=context.user,
        verb="stop",
        cron="0 20 * * *",
        next_run=due,
    )
    purge = begin(context, "instance.purge", source.pk)
    assert purge is not None
    errors = together(scheduled.sweep, scheduled.sweep, lambda: operations.execute(str(purge.pk)))
    work()
    left = Schedule.objects.filter(instance=source).count()
    return {"errors": errors, "open": Operation.objects.open().count(), "left": left}


def something(**fields: object) -> tuple[Any, Any]:
    """A member of a project, and an instance there."""
    from accounts.context import for_user
    from compute.networks.models import Network
    from compute.networks.services import addresses
    from tests import factories

    user, project = factories.UserFactory(), factories.ProjectFactory()
    factories.AssignmentFactory(user=user, project=project)
    network = Network.objects.first() or factories.NetworkFactory()
    source = factories.InstanceFactory(project=project, **fields)
    with transaction.atomic():
        addresses.plug(source, source.project, network)
    return for_user(user, project.pk), source


def together(*deeds: Callable[[], object]) -> list[str]:
    """Do all at the same instant, each in a thread with a connection of its own; return what went wrong."""
    gate, errors = threading.Barrier(len(deeds)), []

    def do(deed: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(60)
            deed()
        except Exception as error:  # noqa: BLE001 - told to whoever reads the result
            errors.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
