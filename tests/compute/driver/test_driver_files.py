"""Files are whole or not there."""

import os
from pathlib import Path

import pytest

from compute.driver.files import copy_atomic, part_path, write_atomic

MIB = 1 << 20


def test_a_copy_keeps_content_and_holes(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    with open(source, "wb") as file:
        file.seek(3 * MIB)
        file.write(b"middle" * 1000)
        file.truncate(64 * MIB)
    seen: list[tuple[int, int]] = []
    copy_atomic(source, target, lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_blocks * 512 < MIB
    assert seen[0] == (0, 64 * MIB)
    assert seen[-1] == (64 * MIB, 64 * MIB)
    assert seen == sorted(seen)


def test_a_cancelled_copy_leaves_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(MIB))

    def cancel(done: int, total: int) -> None:
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        copy_atomic(source, target, cancel)
    assert os.listdir(tmp_path) == ["source"]


def test_a_half_copy_of_a_dead_process_is_begun_again(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"whole")
    part_path(target).write_bytes(b"half of something longer")
    copy_atomic(source, target, lambda done, total: None)
    assert target.read_bytes() == b"whole"


def test_writing_replaces_whole(tmp_path: Path) -> None:
    target = tmp_path / "seed"
    write_atomic(target, b"old and long")
    write_atomic(target, b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["seed"]
