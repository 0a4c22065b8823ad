"""The QEMU guest agent: facts about the guest's system, and passwords in it."""

from typing import Any

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import translated
from ..specs import AgentFacts

CHANNEL = "org.qemu.guest_agent.0"
_ANSWER_SECONDS = 10
_FACTS = (
    libvirt.VIR_DOMAIN_GUEST_INFO_OS
    | libvirt.VIR_DOMAIN_GUEST_INFO_HOSTNAME
    | libvirt.VIR_DOMAIN_GUEST_INFO_INTERFACES
)


class Agent:
    """The QEMU guest agent of one guest. Methods raise DriverError, and GuestBusy if it does not answer in time."""

    def __init__(self, uri: str, uuid: str) -> None:
        self.uri, self.uuid = uri, uuid

    def is_connected(self) -> bool:
        """Return whether a process in the guest has the agent's channel open, without a call to the guest."""
        with translated(f"Reading guest {self.uuid}"):
            definition = etree.fromstring(self._domain().XMLDesc())
        states = definition.xpath(f"devices/channel/target[@name='{CHANNEL}']/@state")
        return states == ["connected"]

    def facts(self) -> AgentFacts:
        """Return the facts that the agent reports; unknown ones are empty."""
        with translated(f"Asking the agent of guest {self.uuid}"):
            domain = self._domain()
            domain.agentSetResponseTimeout(_ANSWER_SECONDS, 0)
            answer = domain.guestInfo(_FACTS, 0)
        return AgentFacts(
            system=str(answer.get("os.pretty-name") or answer.get("os.name") or ""),
            kernel=str(answer.get("os.kernel-release") or ""),
            hostname=str(answer.get("hostname") or ""),
            addresses=_addresses(answer),
        )

    def set_password(self, user: str, password: str) -> None:
        """Set the password of a user in the guest."""
        with translated(f"Setting the password of {user} in guest {self.uuid}"):
            domain = self._domain()
            domain.agentSetResponseTimeout(_ANSWER_SECONDS, 0)
            domain.setUserPassword(user, password, 0)

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)


def _addresses(answer: dict[str, Any]) -> tuple[str, ...]:
    """Return every address of the guest except its loopback's, in the order of its NICs."""
    addresses: list[str] = []
    for nic in range(int(answer.get("if.count", 0))):
        if answer.get(f"if.{nic}.name") == "lo":
            continue
        for number in range(int(answer.get(f"if.{nic}.addr.count", 0))):
            addresses.append(str(answer[f"if.{nic}.addr.{number}.addr"]))
    return tuple(addresses)
