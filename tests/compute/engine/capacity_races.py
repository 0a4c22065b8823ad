"""Two that take the last room of a host at the same instant, fifty times each: exactly one of them gets it.

`tests/compute/engine/locks_on_postgresql.py` runs them.
"""

from collections.abc import Callable
from typing import Any

from tests.compute.engine.lock_races import something, together


def run(rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Return what became of each round of each race."""
    races = {
        "unshelve": unshelving,
        "restore": restoring,
        "resize": resizing,
        "clone": cloning,
        "launch": placing,
    }
    return {name: [race() for _ in range(rounds)] for name, race in races.items()}


def unshelving() -> dict[str, Any]:
    """Room for one vCPU; what is shelved takes its disk only."""
    host = only_host(vcpus=1)
    return begun(host, "unshelve", vm_state="shelved_offloaded")


def restoring() -> dict[str, Any]:
    """Room for one vCPU; what is in the recycle bin takes its disk only."""
    return begun(only_host(vcpus=1), "restore", vm_state="soft-delete")


def resizing() -> dict[str, Any]:
    """Room for one vCPU more beside the two that are taken."""
    from tests import factories

    host = only_host(vcpus=3)
    return begun(host, "resize", flavor_id=factories.FlavorFactory(vcpus=2).pk)


def cloning() -> dict[str, Any]:
    """Room for one more of each size."""
    host = only_host(vcpus=3)
    return begun(host, "clone", name="copy")


def placing() -> dict[str, Any]:
    """Two launches choose their host, of two with room for one on one of them."""
    from compute.instances.services import scheduler

    host = only_host(vcpus=1)
    instances = [something(vm_state="building", task_state="scheduling")[1] for _ in range(2)]
    return outcome(host, *(lambda one=one: scheduler.place(one) for one in instances))


def only_host(**capacity: int) -> Any:
    """A host with so much room, and no other that takes anything."""
    from compute.hosts.models import Hypervisor
    from tests import factories

    Hypervisor.objects.update(enabled=False)
    factories.HypervisorFactory(vcpus=0, memory_mib=2**20)
    host = factories.HypervisorFactory(**capacity)
    factories.PoolFactory(hosts=[host])
    return host


def begun(host: Any, verb: str, vm_state: str = "active", **parameters: str) -> dict[str, Any]:
    """Two projects begin the verb at once, each on an instance of its own on the host."""
    from compute.instances.actions import begin

    pairs = [something(hypervisor=host, vm_state=vm_state) for _ in range(2)]
    return outcome(
        host,
        *(
            lambda context=context, source=source: begin(
                context, f"instance.{verb}", source.pk, parameters=parameters
            )
            for context, source in pairs
        ),
    )


def outcome(host: Any, *deeds: Callable[[], object]) -> dict[str, Any]:
    """How many got it, what the others read, and the vCPUs that are free afterwards."""
    from accounts.errors import Conflict
    from compute.hosts.services import occupants

    won, refused = [], []

    def attempt(deed: Callable[[], object]) -> None:
        try:
            won.append(deed())
        except Conflict as error:
            refused.append(str(error))

    errors = together(*(lambda deed=deed: attempt(deed) for deed in deeds))
    free = host.vcpus - occupants.registered().amounts()[host.pk].vcpus
    return {"errors": errors, "won": len(won), "refused": refused, "free": free}
