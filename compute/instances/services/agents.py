"""What the agents inside guests say, asked once when one appears, and kept in the instance's row."""

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
    """Asks the agents of one hypervisor's guests, one after the other, in a thread of its own.

    A guest may open its agent's channel and never answer: whoever hears events must not wait for that.
    """

    def __init__(self, hypervisor: Hypervisor) -> None:
        self._hypervisor = hypervisor
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="agents")
        self._waiting: set[str] = set()

    def look(self, instance_id: str) -> None:
        """See soon whether an agent answers in the guest. Asked often, it looks once."""
        if instance_id not in self._waiting:
            self._waiting.add(instance_id)
            self._thread.submit(self._look, instance_id)

    def look_at_all(self) -> None:
        """After a time in which nobody heard events."""
        rows = Instance.objects.filter(hypervisor=self._hypervisor, vm_state=VmState.ACTIVE)
        for key in rows.values_list("pk", flat=True):
            self.look(str(key))

    def _look(self, instance_id: str) -> None:
        self._waiting.discard(instance_id)  # what happens from now on is looked at again
        try:
            look(self._hypervisor, instance_id)
        except DatabaseError as error:
            log.warning("agent not written down", instance=instance_id, reason=str(error))
        finally:
            connection.close()


def look(hypervisor: Hypervisor, instance_id: str) -> None:
    """Write down what the agent says of the guest, or that none answers."""
    instance = Instance.objects.existing().filter(pk=instance_id, hypervisor=hypervisor).first()
    if instance is None:
        return
    agent = Agent(hypervisor.uri, instance_id)
    said = None
    try:
        if agent.is_connected():
            said = _kept(agent.facts())
        if said is not None and not agent.is_connected():
            said = None
    except DriverError as error:
        log.info("agent says nothing", instance=instance_id, reason=str(error))
    if said != instance.agent:
        transitions.change(instance, agent=said)


def _kept(facts: AgentFacts) -> dict[str, Any]:
    """As rows keep it: guests may say anything at any length."""
    return {
        "system": _line(facts.system),
        "kernel": _line(facts.kernel),
        "hostname": _line(facts.hostname),
        "addresses": [_line(address) for address in facts.addresses[:MOST_ADDRESSES]],
    }


def _line(text: str) -> str:
    """Without control characters and what turns the direction of writing."""
    return "".join(sign for sign in text[:LONGEST] if unicodedata.category(sign)[0] != "C")
