"""`/os-hypervisors/{id}/uptime`: what the host's own kernel says, while the host answers."""

import re

import pytest

from compute.hosts.models import Hypervisor
from compute.hosts.services import questions
from tests.compute.api.compute_calls import Compute
from tests.factories import HypervisorFactory

pytestmark = pytest.mark.django_db
OF_CLIENTS = re.compile(r"\s*(.+)\sup\s+(.+),\s+(.+)\susers?,\s+load average:\s(.+)")
"""How the `openstack` command takes the answer apart."""


def test_it_is_the_hosts_own(admin: Compute, own_host: Hypervisor) -> None:
    shown = admin.at("2.53").get(f"os-hypervisors/{own_host.pk}/uptime")["hypervisor"]
    assert shown["hypervisor_hostname"] == own_host.name
    assert OF_CLIENTS.fullmatch(shown["uptime"])


def test_a_host_that_does_not_answer_is_named(admin: Compute) -> None:
    questions.forget()
    host = HypervisorFactory(name="lab-2")
    fault = admin.at("2.53").get(f"os-hypervisors/{host.pk}/uptime", 503)
    assert fault["serviceUnavailable"]["message"] == "Host lab-2 does not answer. Try again shortly."
