"""What a host's watcher writes into its row for people who look from elsewhere."""

import pytest

from compute.hosts.models import Hypervisor
from compute.hosts.services import hypervisors
from compute.networks.models import Network
from tests.factories import HypervisorFactory

pytestmark = pytest.mark.django_db


def test_an_inspection_notes_what_is_wrong_and_leaves_what_administrators_set(uri: str) -> None:
    """This libvirt has neither the pool nor the network of the tests' installation."""
    Network.objects.create(name="default", cidr="10.9.0.0/24", bridge="inspected0")
    host = HypervisorFactory(uri=uri, state=Hypervisor.State.UNREACHABLE, state_reason="It was away.")
    Hypervisor.objects.update(enabled=False)
    hypervisors.inspect(host)
    hypervisors.save(host)
    kept = Hypervisor.objects.get()
    assert (kept.state, kept.state_reason, kept.enabled) == (Hypervisor.State.UP, "", False)
    assert kept.libvirt_version
    assert {part for part, _sentence in kept.problems} == {"storage", "network default"}
    assert all(sentence.endswith(".") for _part, sentence in kept.problems)
