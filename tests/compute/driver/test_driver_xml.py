"""The XML we write, word for word; libvirt's own schema says whether it is XML libvirt reads.

After a wanted change run with REGENERATE=1 and read the difference before committing it.
"""

import os
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest
from lxml import etree

from compute.driver.specs import HeadroomSpec
from compute.driver.specs.hardware import DEFAULT_HARDWARE
from compute.driver.xml.element import Element
from compute.driver.xml.guest import guest_domain, probe_domain
from compute.driver.xml.memory import memory_module
from compute.driver.xml.network import nat_network
from compute.driver.xml.snapshot import snapshot_record
from compute.driver.xml.storage import directory_pool, empty_volume, overlay_volume
from tests.compute.driver.driver_samples import BARE, FULL, NETWORK, POOL, SOURCES
from tests.compute.driver.hardware_samples import MACHINES, guest_of

GOLDEN = Path(__file__).parent / "xml"
SCHEMAS = Path("/usr/share/libvirt/schemas")  # of the package libvirt0

ELEMENTS: dict[str, tuple[Element, str]] = {
    "guest_bare": (guest_domain(BARE), "domain"),
    "guest_full": (guest_domain(FULL), "domain"),
    "guest_sources": (guest_domain(SOURCES), "domain"),
    "guest_room": (
        guest_domain(
            replace(
                guest_of(DEFAULT_HARDWARE),
                memory_mib=1024,
                headroom=HeadroomSpec(vcpus=4, memory_mib=4096, slots=8),
            )
        ),
        "domain",
    ),
    "probe": (
        probe_domain("probe", "kvm", Path("/srv/kernel"), Path("/srv/initrd"), Path("/srv/serial")),
        "domain",
    ),
    **{f"guest_{name}": (guest_domain(guest_of(machine)), "domain") for name, machine in MACHINES.items()},
    "snapshot": (snapshot_record("kept", ("vda", "vdb", "sda"), {"vda", "vdb"}), "domainsnapshot"),
    "network": (nat_network(NETWORK), "network"),
    "pool": (directory_pool("pool", POOL), "storagepool"),
    "volume-empty": (empty_volume("taken", 10 << 30), "storagevol"),
    "volume": (overlay_volume("root", 10 << 30, POOL / "image", "raw"), "storagevol"),
}


@pytest.mark.parametrize("name", ELEMENTS)
def test_writes_what_was_agreed(name: str) -> None:
    written = ELEMENTS[name][0].to_xml()
    golden = GOLDEN / f"{name}.xml"
    if os.environ.get("REGENERATE"):
        golden.write_text(written)
    assert written == golden.read_text()


@pytest.mark.parametrize("name", ELEMENTS)
def test_libvirts_schema_accepts_it(name: str) -> None:
    schema = etree.RelaxNG(etree.parse(SCHEMAS / f"{ELEMENTS[name][1]}.rng"))
    schema.assertValid(etree.parse(GOLDEN / f"{name}.xml"))


@pytest.mark.parametrize("name", ELEMENTS)
def test_libvirts_own_tool_accepts_it(name: str) -> None:
    """Which also tells by itself what kind of document it is."""
    checked = subprocess.run(
        ["virt-xml-validate", GOLDEN / f"{name}.xml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_part_of_a_machine_is_in_a_golden_file() -> None:
    varied = {
        field.name
        for field in fields(DEFAULT_HARDWARE)
        for machine in MACHINES.values()
        if getattr(machine, field.name) != getattr(DEFAULT_HARDWARE, field.name)
    }
    assert varied == {field.name for field in fields(DEFAULT_HARDWARE)}


def test_a_memory_module() -> None:
    """No document by itself, so it stands in no golden file."""
    written = "".join(memory_module(256).to_xml().split("\n"))
    assert written.replace("  ", "") == (
        '<memory model="dimm"><target><size unit="MiB">256</size><node>0</node></target></memory>'
    )


def test_every_golden_file_is_tested() -> None:
    assert {file.stem for file in GOLDEN.glob("*.xml")} == set(ELEMENTS)
