"""Only a guest that ran proves that guests run."""

import json
from pathlib import Path

import pytest

from compute.driver.connection import connect
from compute.driver.errors import DriverError
from compute.driver.host import virtualization
from compute.tiny.build import TinyImage


def test_the_probe_speaks_under_emulation_and_leaves_nothing(uri: str, tiny_image: TinyImage) -> None:
    assert virtualization.probe(uri, "qemu", tiny_image.kernel, tiny_image.probe_initrd, seconds=60) is None
    assert not [name for name in names(uri) if name.startswith("meridian-probe")]


def test_a_kernel_that_says_nothing_is_no_proof(uri: str, tiny_image: TinyImage, tmp_path: Path) -> None:
    """With another initrd it boots and says something else."""
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"")
    fault = virtualization.probe(uri, "qemu", tiny_image.kernel, initrd)
    assert fault == "a probe guest did not boot within 6 seconds."


def test_what_qemu_refuses_is_a_fault(uri: str, tiny_image: TinyImage, tmp_path: Path) -> None:
    kernel = tmp_path / "kernel"
    kernel.write_bytes(b"\0" * 4096)
    fault = virtualization.probe(uri, "qemu", kernel, tiny_image.probe_initrd)
    assert fault is not None
    assert "Starting the probe guest failed" in fault


def test_a_missing_kernel_is_said(uri: str, tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"Preparing the probe guest failed: No such file"):
        virtualization.probe(uri, "qemu", tmp_path / "nothing", tmp_path / "nothing")


def test_the_answer_is_a_type_and_a_sentence(uri: str, tiny_image: TinyImage, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "virtualization"
    first = virtualization.detect(uri, tiny_image.kernel, tiny_image.probe_initrd, cache)
    assert first.type in ("kvm", "qemu")
    assert first.reason.endswith(".")
    assert virtualization.detect(uri, tiny_image.kernel, tiny_image.probe_initrd, cache) == first


@pytest.mark.parametrize(
    "broken", ["", "{}", "[]", json.dumps({"boot_id": "other", "type": "kvm", "reason": ""})]
)
def test_a_memory_of_another_boot_counts_for_nothing(tmp_path: Path, broken: str) -> None:
    cache = tmp_path / "cache"
    cache.write_text(broken)
    assert virtualization._read_cache(cache, "this boot") is None


def test_a_memory_of_this_boot_counts(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.write_text(json.dumps({"boot_id": "this boot", "type": "kvm", "reason": "It ran."}))
    cached = virtualization._read_cache(cache, "this boot")
    assert cached is not None
    assert (cached.type, cached.reason) == ("kvm", "It ran.")


def names(uri: str) -> list[str]:
    return [domain.name() for domain in connect(uri).listAllDomains()]
