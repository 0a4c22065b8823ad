"""libvirt's and the system's errors become sentences that say what failed."""

import errno

import pytest

from compute.driver.connection import open_connection
from compute.driver.errors import DriverError, GuestNotFound, HypervisorUnreachable, StorageFull, translated
from compute.driver.guest.domain import Guest


def test_a_full_disk_is_said_plainly() -> None:
    with (
        pytest.raises(StorageFull, match=r"Writing failed: the hypervisor's storage is full"),
        translated("Writing"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/pool/x")


def test_other_faults_keep_the_systems_words() -> None:
    with pytest.raises(DriverError, match=r"Writing failed: Permission denied"), translated("Writing"):
        raise PermissionError(errno.EACCES, "Permission denied", "/srv/pool/x")


def test_a_closed_port_is_unreachable_at_once() -> None:
    with pytest.raises(HypervisorUnreachable) as caught:
        open_connection("qemu+tcp://127.0.0.1:1/system")
    assert caught.value.retryable
    assert "127.0.0.1 port 1 does not answer" in str(caught.value)


def test_a_missing_socket_is_unreachable() -> None:
    with pytest.raises(HypervisorUnreachable, match="Connecting to hypervisor"):
        open_connection("qemu+unix:///system?socket=/nowhere/libvirt-sock")


def test_an_unknown_guest_is_not_found_by_libvirts_test_driver() -> None:
    with pytest.raises(GuestNotFound, match="Looking for guest 00000000"):
        Guest.lookup("test:///default", "00000000-0000-4000-8000-000000000000")


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = DriverError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds)
