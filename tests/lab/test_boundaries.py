"""What one host's watcher sees never changes an instance of another host."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import libvirt
import pytest
from lxml import etree

from tests.lab.lab import Host, Lab
from tests.stack import Browserless, wait_for

MOVE = (
    libvirt.VIR_MIGRATE_LIVE
    | libvirt.VIR_MIGRATE_PEER2PEER
    | libvirt.VIR_MIGRATE_TUNNELLED
    | libvirt.VIR_MIGRATE_PERSIST_DEST
    | libvirt.VIR_MIGRATE_UNSAFE
)


@pytest.fixture
def theirs(lab: Lab, admin: Browserless, two: Host) -> Iterator[dict[str, Any]]:
    """An instance on lab-2."""
    yield lab.launch(admin, "theirs", two)
    lab.do(admin, "theirs", "purge", "deleted")


@pytest.fixture
def marker(lab: Lab, admin: Browserless, one: Host) -> Iterator[dict[str, Any]]:
    """An instance on lab-1: once its row follows an event, its watcher has heard whatever happened before."""
    yield lab.launch(admin, "marker", one)
    lab.do(admin, "marker", "purge", "deleted")


def test_a_guest_with_the_id_of_anothers_is_named_and_left_alone(
    lab: Lab, one: Host, two: Host, theirs: dict[str, Any], marker: dict[str, Any]
) -> None:
    uuid = theirs["uuid"]
    with closing(two.connect()) as its_host, closing(one.connect()) as other:
        described = its_host.lookupByUUIDString(uuid).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        twin = other.defineXML(_without_devices(described))
        try:
            assert f"lab-1: guest {twin.name()} has no instance here" in lab.audit()
            twin.create()
            twin.suspend()
            twin.resume()
            twin.destroy()
            assert f"lab-1: guest {twin.name()} has no instance here" in lab.audit()
        finally:
            twin.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
        _all_was_heard(lab, other, marker)
    assert one.guests().get(uuid) is None
    assert two.guests()[uuid]
    _is_as_before(lab, theirs)


def test_a_guest_that_is_moved_behind_our_back(
    lab: Lab, one: Host, two: Host, theirs: dict[str, Any], marker: dict[str, Any]
) -> None:
    """Its watcher hears that it was migrated away, and the other's that it has come; neither judges."""
    uuid, watchers = theirs["uuid"], [host.processes("watch")[0] for host in (one, two)]
    with closing(two.connect()) as its_host, closing(one.connect()) as other:
        its_host.lookupByUUIDString(uuid).migrateToURI3(_uri(one), {}, MOVE)
        try:
            assert one.guests()[uuid]
            _all_was_heard(lab, other, marker)
            _is_as_before(lab, theirs)
        finally:
            other.lookupByUUIDString(uuid).migrateToURI3(
                _uri(two), {}, MOVE | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
            )
    assert two.guests()[uuid]
    assert [host.processes("watch")[0] for host in (one, two)] == watchers
    _is_as_before(lab, theirs)


def _uri(host: Host) -> str:
    """The address at which libvirt itself finds the host, also from the other one."""
    return f"qemu+unix:///system?socket={host.folder}/run/libvirt/libvirt-sock"


def _without_devices(described: str) -> str:
    """The same machine, with nothing that only the other one can have."""
    domain = etree.fromstring(described)
    for device in domain.xpath("devices/*[not(self::emulator)]"):
        device.getparent().remove(device)
    return etree.tostring(domain, encoding="unicode")


def _all_was_heard(lab: Lab, connection: libvirt.virConnect, marker: dict[str, Any]) -> None:
    guest = connection.lookupByUUIDString(marker["uuid"])
    for change, state in ((guest.suspend, "paused"), (guest.resume, "active")):
        change()
        wait_for(lambda state=state: lab.instance("marker")["vm_state"] == state, f"marker to be {state}")


def _is_as_before(lab: Lab, instance: dict[str, Any]) -> None:
    now = lab.instance(instance["name"])
    for field in ("vm_state", "task_state", "hypervisor_id", "fault"):
        assert now[field] == instance[field]
    outside = "select 1 from accounts_auditevent where action = 'instance.changed_outside' and target_id = ?"
    assert lab.rows(outside, instance["uuid"]) == []
