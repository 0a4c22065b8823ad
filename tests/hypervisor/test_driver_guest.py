"""Guests on the real libvirt, from definition to oblivion."""

import os
import signal
import socket
import stat
import subprocess
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from compute.driver.connection import close_all, connect
from compute.driver.errors import Conflict, DriverError, GuestNotFound, GuestNotRunning, InvalidGuest
from compute.driver.guest.domain import Guest, list_guests
from compute.driver.host import capabilities
from compute.driver.specs import PortSpec, PowerState
from compute.driver.xml.guest import guest_domain
from tests.hypervisor.conftest import Workshop, qemu_process
from tests.waiting import wait_until


def test_a_life(workshop: Workshop) -> None:
    spec = workshop.spec()
    guest = Guest.define(workshop.uri, spec)
    assert guest.facts().power is PowerState.SHUT_OFF
    guest.start()
    guest.start()
    facts = guest.facts()
    assert (facts.power, facts.reason, facts.tag) == (PowerState.RUNNING, "booted", spec.tag)
    assert facts in list_guests(workshop.uri)
    guest.reset()
    guest.reboot()
    guest.shut_down()
    guest.destroy()
    guest.destroy()
    guest.shut_down()
    assert (guest.facts().power, guest.facts().reason) == (PowerState.SHUT_OFF, "destroyed")
    guest.undefine()
    guest.undefine()
    with pytest.raises(GuestNotFound, match=f"Looking for guest {spec.uuid}"):
        Guest.lookup(workshop.uri, spec.uuid)
    with pytest.raises(GuestNotFound):
        guest.start()


def test_defining_again_changes_the_definition(workshop: Workshop) -> None:
    spec = workshop.spec()
    Guest.define(workshop.uri, spec)
    guest = Guest.define(workshop.uri, replace(spec, tag=replace(spec.tag, fence=2), memory_mib=96))
    tag = guest.facts().tag
    assert tag is not None
    assert tag.fence == 2
    assert connect(workshop.uri).lookupByUUIDString(spec.uuid).maxMemory() == 96 * 1024


def test_a_taken_name_is_a_conflict(workshop: Workshop) -> None:
    spec = workshop.spec()
    Guest.define(workshop.uri, spec)
    with pytest.raises(Conflict, match="Defining guest"):
        Guest.define(workshop.uri, replace(spec, uuid=str(uuid.uuid4())))


def test_a_long_interface_name_is_refused(workshop: Workshop) -> None:
    port = PortSpec(
        id="p", mac="52:54:00:7e:57:f0", network="n", address="10.0.0.2", tap_name="tap-of-16-bytes!"
    )
    with pytest.raises(InvalidGuest, match="longer than the 15 bytes"):
        Guest.define(workshop.uri, workshop.spec(ports=(port,)))


def test_an_overlay_without_its_image_is_refused(workshop: Workshop) -> None:
    spec = workshop.spec()
    [disk] = spec.disks
    with pytest.raises(InvalidGuest, match="would see an empty disk"):
        Guest.define(workshop.uri, replace(spec, disks=(replace(disk, backing=None),)))


def test_an_image_cannot_make_qemu_read_other_files(workshop: Workshop) -> None:
    """A raw-declared disk whose content claims to lie over a host's file is handed over as bytes."""
    spec = workshop.spec()
    trap = workshop.pool.source_of(f"{spec.uuid}-seed")
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", trap.path, "1M"],
        check=True,
    )
    [disk] = spec.disks
    guest = Guest.define(
        workshop.uri,
        replace(
            spec,
            disks=(
                disk,
                replace(disk, source=trap, format="raw", target="vdb", backing=None, boot_order=None),
            ),
        ),
    )
    guest.start()
    opened = {os.readlink(file) for file in Path(f"/proc/{qemu_process(spec.name)}/fd").iterdir()}
    assert str(trap.path) in opened
    assert "/etc/passwd" not in opened


def test_hostile_titles_and_tags_come_back(workshop: Workshop) -> None:
    spec = workshop.spec()
    hostile = "</title><devices/>&amp; \"quoted\" 'single' \u202e\u0000".replace("\u0000", "") + " 雲"
    spec = replace(spec, title=f"{hostile}\r\nmore", tag=replace(spec.tag, project=f"{hostile}\n\ttwo"))
    guest = Guest.define(workshop.uri, spec)
    assert guest.facts().tag == spec.tag
    title = etree.fromstring(connect(workshop.uri).lookupByUUIDString(spec.uuid).XMLDesc()).findtext("title")
    assert title == f"{hostile} more"


def test_a_guest_of_others_has_no_tag(workshop: Workshop) -> None:
    spec = workshop.spec()
    domain = guest_domain(spec)
    connect(workshop.uri).defineXML(replace(domain, metadata=None).to_xml())
    assert Guest(workshop.uri, spec.uuid).facts().tag is None
    assert [facts.tag for facts in list_guests(workshop.uri) if facts.uuid == spec.uuid] == [None]


def test_the_screen_is_a_png_and_its_socket_is_private(workshop: Workshop) -> None:
    spec = workshop.spec()
    guest, path = Guest.define(workshop.uri, spec), spec.vnc_socket
    with pytest.raises(GuestNotRunning, match="Taking a picture"):
        guest.screenshot()
    guest.start()
    assert guest.screenshot().startswith(b"\x89PNG\r\n\x1a\n")
    with socket.socket(socket.AF_UNIX) as viewer:
        viewer.settimeout(5)
        viewer.connect(str(path))
        assert viewer.recv(12) == b"RFB 003.008\n"
    folder = path.parent.stat()
    assert stat.S_IMODE(folder.st_mode) == 0o2710
    assert path.stat().st_gid == os.getegid()
    stranger = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ls", path],
        capture_output=True,
        check=False,
    )
    assert stranger.returncode != 0


def test_the_death_of_qemu_is_a_crash(workshop: Workshop) -> None:
    spec = workshop.spec()
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    os.kill(qemu_process(spec.name), signal.SIGKILL)
    wait_until(lambda: guest.facts().power is PowerState.SHUT_OFF, "the guest to be off")
    assert guest.facts().reason == "crashed"
    guest.start()
    assert guest.facts().power is PowerState.RUNNING


def test_a_console_that_is_closed_ends_its_reader(workshop: Workshop) -> None:
    guest = workshop.guest()
    with pytest.raises(GuestNotRunning, match="Opening the console"):
        guest.console()
    guest.start()
    console = guest.console()
    ended = threading.Event()

    def read_on() -> None:
        while console.read():
            pass
        ended.set()

    threading.Thread(target=read_on, daemon=True).start()
    time.sleep(0.2)
    assert not ended.is_set()
    console.close()
    console.close()
    assert ended.wait(2)
    assert console.read() == b""
    with pytest.raises(DriverError, match="it has ended"):
        console.write(b"x")


def test_a_console_ends_with_its_guest(workshop: Workshop) -> None:
    guest = workshop.guest()
    guest.start()
    console = guest.console()
    threading.Timer(0.3, guest.destroy).start()
    while console.read():
        pass
    console.close()
    wait_until(lambda: guest.facts().power is PowerState.SHUT_OFF, "the guest to be off")


def test_a_lost_connection_is_replaced(workshop: Workshop) -> None:
    guest = workshop.guest()
    connect(workshop.uri).close()
    assert guest.facts().power is PowerState.SHUT_OFF
    close_all()
    assert guest.facts().power is PowerState.SHUT_OFF


def test_a_child_process_opens_its_own_connection(workshop: Workshop) -> None:
    parent = connect(workshop.uri)
    child = os.fork()
    if child == 0:
        ours = connect(workshop.uri)
        os._exit(0 if ours is not parent and ours.isAlive() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connect(workshop.uri) is parent
    assert parent.isAlive()


def test_threads_have_connections_of_their_own_and_leave_them_to_others(uri: str) -> None:
    close_all()
    together = threading.Barrier(3)

    def ask(found: set[int]) -> None:
        found.add(id(connect(uri)))
        assert connect(uri) is connect(uri)
        together.wait(10)

    rounds: list[set[int]] = []
    for _ in range(2):
        found: set[int] = set()
        threads = [threading.Thread(target=ask, args=(found,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rounds.append(found)
    assert len(rounds[0]) == 3
    assert rounds[0] == rounds[1]


def test_the_host_describes_itself(uri: str) -> None:
    facts = capabilities.facts(uri)
    assert facts.vcpus == len(os.sched_getaffinity(0))
    assert facts.memory_mib > 256
    assert facts.arch == "x86_64"
    assert facts.hostname
    uuid.UUID(facts.host_uuid)
    assert [int(part) for part in facts.libvirt_version.split(".")] >= [9, 0, 0]
