"""How far guests have booted: blue until they have, and not for ever."""

import pytest
from django.utils import timezone

from compute.hosts.models import Hypervisor
from compute.instances.kind import state_columns
from compute.instances.models import Instance
from compute.instances.models.instance import BootStage
from compute.instances.services import boot_stages
from compute.instances.states import Colour, VmState
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> Hypervisor:
    return factories.HypervisorFactory()


def running(host: Hypervisor, **fields: object) -> Instance:
    return factories.InstanceFactory(hypervisor=host, vm_state=VmState.ACTIVE, **fields)


def test_a_guest_is_green_once_it_is_there(host: Hypervisor) -> None:
    colours = {stage: running(host, boot_stage=stage).colour for stage in BootStage}
    assert colours == {
        BootStage.NONE: Colour.GREEN,
        BootStage.BOOTING: Colour.BLUE,
        BootStage.ADDRESS: Colour.GREEN,
        BootStage.REACHABLE: Colour.GREEN,
    }


def test_a_guest_that_never_asks_for_an_address_does_not_boot_for_ever(host: Hypervisor) -> None:
    long_ago = timezone.now() - boot_stages.PATIENCE
    silent = running(host, boot_stage=BootStage.BOOTING, booted_at=long_ago)
    without_ssh = running(host, boot_stage=BootStage.ADDRESS, booted_at=long_ago)
    boot_stages.update_all(host)
    for row in (silent, without_ssh):
        row.refresh_from_db()
    assert (silent.boot_stage, without_ssh.boot_stage) == (BootStage.NONE, BootStage.ADDRESS)


@pytest.mark.parametrize("state", [VmState.PAUSED, VmState.SUSPENDED])
def test_a_guest_that_was_only_halted_does_not_boot(host: Hypervisor, state: VmState) -> None:
    row = running(host)
    row.vm_state = state
    assert "boot_stage" not in state_columns(row, VmState.ACTIVE)
    row.vm_state = VmState.STOPPED
    assert state_columns(row, VmState.ACTIVE)["boot_stage"] == BootStage.BOOTING
