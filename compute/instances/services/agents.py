"""Facts of guest agents, read once an agent connects and stored in the instance's row."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.db import DatabaseError, connection

from compute.driver.errors import DriverError
from compute.driver.guest.agent import Agent
from compute.driver.specs import AgentFacts
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.states import VmState

log = structlog.get_logger(__name__)

LONGEST = 255
MOST_ADDRESSES = 16


class AgentPoller:
    """Polls the agents of one hypervisor's guests, one after another, in its own thread.

    A guest may open its agent's channel and never answer, and the watcher must not wait for that.
    """

    def __init__(self, hypervisor: Hypervisor) -> None:
        self._hypervisor = hypervisor
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="agents")
        self._pending: set[str] = set()

    def poll(self, instance_id: str) -> None:
        """Poll the guest's agent soon. Repeated calls until then poll it once."""
        if instance_id not in self._pending:
            self._pending.add(instance_id)
            self._thread.submit(self._poll, instance_id)

    def poll_all(self) -> None:
        """Poll the agents of all active guests, since events may have been missed."""
        rows = Instance.objects.filter(hypervisor=self._hypervisor, vm_state=VmState.ACTIVE)
        for key in rows.values_list("pk", flat=True):
            self.poll(str(key))

    def _poll(self, instance_id: str) -> None:
        self._pending.discard(instance_id)  # a later event is polled again
        try:
            update(self._hypervisor, instance_id)
        except DatabaseError as error:
            log.warning("agent not written down", instance=instance_id, reason=str(error))
        finally:
            connection.close()


def update(hypervisor: Hypervisor, instance_id: str) -> None:
    """Save the agent's facts about the guest, or that no agent answers."""
    instance = Instance.objects.existing().filter(pk=instance_id, hypervisor=hypervisor).first()
    if instance is None:
        return
    agent = Agent(hypervisor.uri, instance_id)
    facts = None
    try:
        if agent.is_connected():
            facts = _limited(agent.facts())
        if facts is not None and not agent.is_connected():
            facts = None
    except DriverError as error:
        log.info("agent says nothing", instance=instance_id, reason=str(error))
    if facts != instance.agent:
        transitions.change(instance, agent=facts)


def _limited(facts: AgentFacts) -> dict[str, Any]:
    """Return the facts with limited lengths, since a guest may send anything."""
    return {
        "system": _line(facts.system),
        "kernel": _line(facts.kernel),
        "hostname": _line(facts.hostname),
        "addresses": [_line(address) for address in facts.addresses[:MOST_ADDRESSES]],
    }


def _line(text: str) -> str:
    """Return the text without control characters, also those of writing direction."""
    return "".join(sign for sign in text[:LONGEST] if unicodedata.category(sign)[0] != "C")
