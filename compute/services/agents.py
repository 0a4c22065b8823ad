"""What the agents inside guests say, asked once when one appears, and kept in the instance's row."""

import unicodedata
from typing import Any

import structlog

from compute.driver.agent import Agent
from compute.driver.errors import DriverError
from compute.driver.specs import AgentFacts
from compute.models import Hypervisor, Instance
from compute.services import transitions
from compute.states import VmState

log = structlog.get_logger(__name__)

LONGEST = 255
MOST_ADDRESSES = 16


def appeared(hypervisor: Hypervisor, instance_id: str) -> None:
    """An agent has opened its channel: ask it what the guest is."""
    instance = Instance.objects.existing().filter(pk=instance_id, hypervisor=hypervisor).first()
    if instance is None:
        return
    try:
        kept = _kept(Agent(hypervisor.uri, instance_id).facts())
    except DriverError as error:
        log.info("agent says nothing", instance=instance_id, reason=str(error))
        kept = {}
    transitions.change(instance, agent=kept)


def vanished(instance_id: str) -> None:
    """The agent has closed its channel, or its guest has stopped."""
    instance = Instance.objects.filter(pk=instance_id, agent__isnull=False).first()
    if instance is not None:
        transitions.change(instance, agent=None)


def compare(hypervisor: Hypervisor) -> None:
    """Look at every running guest once, after a time in which nobody heard its events."""
    for instance in Instance.objects.filter(hypervisor=hypervisor, vm_state=VmState.ACTIVE):
        key = str(instance.pk)
        try:
            connected = Agent(hypervisor.uri, key).is_connected()
        except DriverError as error:
            log.info("agent cannot be looked for", instance=key, reason=str(error))
            continue
        if connected and instance.agent is None:
            appeared(hypervisor, key)
        elif not connected:
            vanished(key)


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
