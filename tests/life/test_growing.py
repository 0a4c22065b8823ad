"""A guest that grows while it runs, as it sees itself, with a worker killed after every step."""

import libvirt
import pytest
from lxml import etree

from tests.life.test_interrupted import reached
from tests.life.test_verbs import GIB, Subject
from tests.stack import Browserless, Stack, wait_for

FLAVORS = """
from compute.models import Flavor
for name, vcpus, ram_mib, disk_gib in (("roomy", 1, 1024, 2), ("grown", 2, 1280, 3), ("vast", 8, 1280, 3)):
    Flavor.objects.create(id=name, name=name, vcpus=vcpus, ram_mib=ram_mib, disk_gib=disk_gib)
"""
GUEST = """#!/bin/sh
echo online > /sys/devices/system/memory/auto_online_blocks
(while :; do
    for processor in /sys/devices/system/cpu/cpu*/online; do
        [ "$(cat "$processor")" = 1 ] || echo 1 > "$processor"
    done
    memory=$(sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)
    echo "size: $(grep -c ^processor /proc/cpuinfo) $memory $(cat /sys/block/vda/size)" > /dev/ttyS0
    sleep 1
done) &
"""
"""Brings into use what it is given, as most distributions do by a rule of udev, and says what it has."""


@pytest.fixture(scope="module", autouse=True)
def flavors(stack: Stack) -> None:
    stack.manage("shell", "-c", FLAVORS)


@pytest.mark.proof
def test_a_guest_grows_while_it_runs(stack: Stack, admin: Browserless) -> None:
    assert (
        admin.launch(stack, "growing", image_id=stack.linux, flavor_id="roomy", user_data=GUEST).status == 200
    )
    stack.wait_for_state("growing", "active", 120)
    subject = Subject(stack, admin, "growing")
    wait_for(lambda: sizes(subject)[:1] == [1], "the guest to say how large it is", 120)
    _, before, _ = sizes(subject)
    pid = subject.domain().ID()

    refused = admin.act(stack, "growing", "grow", flavor_id="vast")
    assert refused.status == 400
    assert "Can grow to 4 vCPUs" in refused.text
    for step in ("memory", "processors", "live_disk", "define"):
        (stack.failpoints / f"instance.grow.{step}").touch()
    subject.act("grow", "active", flavor_id="grown")
    assert not list(stack.failpoints.iterdir()), "nobody came there"

    wait_for(lambda: sizes(subject)[0] == 2, "the guest to see its processor")
    wait_for(lambda: sizes(subject)[1] - before == 256 * 1024, "the guest to see its memory")
    wait_for(lambda: sizes(subject)[2] * 512 == 3 * GIB, "the guest to see its disk")
    assert subject.domain().ID() == pid, "it was never stopped"
    kept = etree.fromstring(subject.domain().XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    assert (kept.find("vcpu").get("current"), kept.findtext("memory")) == ("2", str(1280 * 1024))
    assert kept.findall("devices/memory") == []
    row = stack.instance("growing")
    assert (row["vcpus"], row["ram_mib"], row["disk_gib"], row["resized_from"]) == (2, 1280, 3, None)
    assert '"slots": 7' in row["headroom"]

    subject.act("suspend", "suspended")
    subject.act("resume", "active")
    assert subject.domain().info()[3] == 2
    assert subject.domain().maxMemory() == 1280 * 1024
    subject.act("force_reboot", "active")
    assert '"slots": 8' in stack.instance("growing")["headroom"]
    assert subject.domain().maxMemory() == 1280 * 1024
    subject.act("purge", "deleted")


def test_what_a_growth_that_fails_leaves_stays_in_the_row(stack: Stack, admin: Browserless) -> None:
    """Its disk cannot grow while somebody else copies it: by then it has its memory and its processor."""
    assert admin.launch(stack, "stunted", flavor_id="roomy").status == 200
    stack.wait_for_state("stunted", "active", 120)
    subject = Subject(stack, admin, "stunted")
    (stack.failpoints / "hold-instance.grow.processors").touch()
    assert admin.act(stack, "stunted", "grow", flavor_id="grown").status == 200
    wait_for(lambda: reached(stack, "stunted", "grow.processors"), "the processors")
    copy = subject.disk_file().with_name("elsewhere")
    xml = f"<disk type='file'><source file='{copy}'/><driver type='qcow2'/></disk>"
    wait_for(lambda: subject.domain().vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_LIVE) == 2, "the processor")
    subject.domain().blockCopy("vda", xml, {}, libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB)
    (stack.failpoints / "hold-instance.grow.processors").unlink()
    row = stack.wait_for_state("stunted", "active", 120)
    assert "Growing disk vda" in row["fault"]
    assert (row["flavor_id"], row["resized_from"]) == ("roomy", None)
    assert (row["vcpus"], row["ram_mib"], row["disk_gib"]) == (2, 1280, 2)
    assert (subject.domain().info()[3], subject.domain().maxMemory()) == (2, 1280 * 1024)
    assert '"slots": 7' in row["headroom"]
    subject.domain().blockJobAbort("vda")
    copy.unlink(missing_ok=True)

    subject.act("grow", "active", flavor_id="grown")
    row = stack.instance("stunted")
    assert (row["flavor_id"], row["vcpus"], row["ram_mib"], row["disk_gib"]) == ("grown", 2, 1280, 3)
    subject.act("force_reboot", "active")
    assert (subject.domain().info()[3], subject.domain().maxMemory()) == (2, 1280 * 1024)
    subject.act("purge", "deleted")


@pytest.mark.proof
def test_what_is_off_meanwhile_has_what_it_had(stack: Stack, admin: Browserless) -> None:
    assert admin.launch(stack, "cut-off", flavor_id="roomy").status == 200
    stack.wait_for_state("cut-off", "active", 120)
    subject = Subject(stack, admin, "cut-off")
    (stack.failpoints / "hold-instance.grow.memory").touch()
    assert admin.act(stack, "cut-off", "grow", flavor_id="grown").status == 200
    wait_for(lambda: reached(stack, "cut-off", "grow.memory"), "the memory")
    wait_for(lambda: subject.domain().maxMemory() == 1280 * 1024, "the memory to be there")
    subject.domain().destroy()
    (stack.failpoints / "hold-instance.grow.memory").unlink()
    row = stack.wait_for_state("cut-off", "stopped", 120)
    assert (row["vcpus"], row["ram_mib"], row["disk_gib"], row["flavor_id"]) == (1, 1024, 2, "roomy")
    subject.act("start", "active")
    assert (subject.domain().info()[3], subject.domain().maxMemory()) == (1, 1024 * 1024)
    subject.act("purge", "deleted")


def sizes(subject: Subject) -> list[int]:
    """Processors, KiB of memory and sectors of disk, as the guest last said."""
    log = (subject.stack.root / f"storage/consoles/{subject.uuid}.log").read_text(errors="replace")
    said = [line.split("size: ")[1].split() for line in log.splitlines() if "size: " in line]
    return [int(number) for number in said[-1]] if said and len(said[-1]) == 3 else []
