"""Volumes that move to another pool, while a guest writes on and while none has them: nothing is lost."""

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for

WRITER = """#!/bin/sh
(number=0
while :; do
    [ -b /dev/vdb ] || { sleep 0.1; continue; }
    number=$((number + 1))
    line=$(printf '%08d' $number)
    sum=$(printf '%s' $line | md5sum | cut -c1-32)
    printf '%-512s' "$line $sum" | dd of=/dev/vdb bs=512 seek=$number conv=notrunc,fsync 2> /dev/null || continue
    echo "wrote: $number" > /dev/ttyS0
done) &
"""
"""Writes a log of numbered sectors, each with its checksum, and says the number once a sector is on the disk."""

PRETEND = """
from compute.hosts.models import Pool
Pool.objects.filter(name="narrow").update(capacity_bytes=2**40)
"""


@pytest.fixture(scope="module")
def folder(stack: Stack) -> Path:
    """Where a further disk of the host would be mounted."""
    folder = stack.root / "mounted"
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture(scope="module", autouse=True)
def fast(stack: Stack, admin: Browserless, folder: Path) -> Iterator[str]:
    """The id of a pool that was added on the host's page; it goes again, with its folder."""
    (host,) = stack.rows("select id from compute_hypervisor")
    page = f"/hosts/{UUID(str(host['id']))}/"
    refused = admin.post(f"{page}pools/new/", name="a b", folder="mounted")
    assert (refused.status, "whole path" in refused.text) == (400, True)
    assert admin.post(f"{page}pools/new/", name="fast", folder=str(folder)).status == 200
    wait_for(lambda: pool(stack)["state"] == "ready", "the host to prepare the pool", 30)
    assert "fast" in admin.get(page).text
    yield key_of(pool(stack))
    assert admin.post(f"/pools/{key_of(pool(stack))}/remove/").status in {200, 204}
    wait_for(lambda: not stack.rows("select 1 from compute_pool where name = 'fast'"), "the pool to go", 30)
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def small(stack: Stack) -> Iterator[Path]:
    """A file system of 8 MiB. It is there before the guest, which need not see what is mounted later."""
    folder = stack.root / "narrow"
    folder.mkdir(mode=0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="module")
def writer(stack: Stack, admin: Browserless, small: Path) -> Iterator[Subject]:
    assert admin.launch(stack, "logs", image_id=stack.linux, user_data=WRITER).status == 200
    stack.wait_for_state("logs", "active", 120)
    subject = Subject(stack, admin, "logs")
    yield subject
    subject.act("purge", "deleted")


def pool(stack: Stack, name: str = "fast") -> dict[str, object]:
    (row,) = stack.rows("select * from compute_pool where name = ?", name)
    return row


def key_of(row: dict[str, object]) -> str:
    return str(UUID(str(row["id"])))


def create(stack: Stack, admin: Browserless, name: str, **fields: str) -> str:
    """Create a volume, in the added pool by the type `fast` only; its id once it is available."""
    fields = {"size": "1", "source": "empty", "type": "standard"} | fields
    closed = fields["type"] != "fast"
    if closed:
        enable(stack, admin, "false")
    assert admin.post("/volumes/create/", name=name, **fields).status == 200
    wait_for(lambda: volume(stack, name)["status"] == "available", f"{name} to be created", 60)
    if closed:
        enable(stack, admin, "true")
    return key_of(volume(stack, name))


def enable(stack: Stack, admin: Browserless, enabled: str) -> None:
    assert admin.post(f"/pools/{key_of(pool(stack))}/enabled/", enabled=enabled).status in {200, 204}


def volume(stack: Stack, name: str) -> dict[str, object]:
    rows = stack.rows(
        "select volume.*, disk.file_name, disk.pool_id, disk.image_id as base, disk.id as disk"
        " from compute_volume as volume left join compute_disk as disk on disk.id = volume.disk_id"
        " where volume.name = ? order by volume.created_at desc",
        name,
    )
    return rows[0]


def act(stack: Stack, admin: Browserless, name: str, verb: str, status: str = "", **fields: str) -> None:
    """Begin a verb of a volume, and wait for its end."""
    answer = admin.post(f"/volumes/{key_of(volume(stack, name))}/actions/{verb}/", **fields)
    assert answer.status in {200, 204}, re.findall(r'invalid-feedback">(.*?)<', answer.text) or answer.text
    wait_for(lambda: volume(stack, name)["task_state"] is None, f"{verb} of {name} to end", 120)
    (ended,) = stack.rows(
        "select state, error from compute_operation where kind = ? order by created_at desc limit 1",
        f"volume.{verb}",
    )
    assert ended["state"] == (status or "succeeded"), ended["error"]


def path_of(stack: Stack, name: str) -> Path:
    row = volume(stack, name)
    (its_pool,) = stack.rows("select path from compute_pool where id = ?", row["pool_id"])
    disk = str(UUID(str(row["disk"])))
    return Path(str(its_pool["path"])) / (str(row["file_name"]) or f"disk-{disk}")


def data(file: Path) -> bytes:
    """What a volume's file holds, with all below it."""
    raw = file.with_suffix(".raw")
    subprocess.run(["qemu-img", "convert", "-U", "-O", "raw", file, raw], check=True, capture_output=True)
    try:
        return raw.read_bytes()
    finally:
        raw.unlink()


def wrote(subject: Subject) -> int:
    log = (subject.stack.root / f"storage/consoles/{subject.uuid}.log").read_text(errors="replace")
    return max((int(line.split()[1]) for line in log.splitlines() if line.startswith("wrote: ")), default=0)


def wait_for_more(subject: Subject) -> None:
    before = wrote(subject)
    wait_for(lambda: wrote(subject) > before + 5, "the guest to write on", 60)


def sectors(content: bytes) -> int:
    """The number of the last sector of the log, after a look at each."""
    number = 0
    while (sector := content[(number + 1) * 512 : (number + 2) * 512]).strip(b"\0"):
        number += 1
        line = f"{number:08d}"
        assert sector.decode().split() == [line, hashlib.md5(line.encode()).hexdigest()], number  # noqa: S324
    return number


def test_a_guest_writes_on_while_its_volume_moves(
    stack: Stack, admin: Browserless, writer: Subject, fast: str
) -> None:
    """There and back, twice; then while its instance is off, and while no instance has it."""
    create(stack, admin, "log")
    act(stack, admin, "log", "attach", instance=writer.uuid)
    wait_for_more(writer)
    home, process = path_of(stack, "log"), writer.domain().ID()
    own = str(UUID(str(volume(stack, "log")["pool_id"])))
    for target in (fast, own, fast, own):
        before = path_of(stack, "log")
        act(stack, admin, "log", "move", pool=target)
        assert not before.exists(), "what it had is deleted"
        wait_for_more(writer)
        assert stack.audit() == ""
    assert path_of(stack, "log").parent == home.parent
    assert (writer.domain().ID(), volume(stack, "log")["migration_status"]) == (process, "success")
    writer.act("force_stop", "stopped")
    said = wrote(writer)
    assert sectors(data(path_of(stack, "log"))) >= said > 20

    content = data(path_of(stack, "log"))
    act(stack, admin, "log", "move", pool=fast)
    assert data(path_of(stack, "log")) == content, "moved while its instance is off"
    writer.act("start", "active")
    act(stack, admin, "log", "detach")
    act(stack, admin, "log", "move", pool=own)
    assert sectors(data(path_of(stack, "log"))) >= said, "moved while no instance has it"
    act(stack, admin, "log", "delete")


def test_a_volume_with_an_image_below_moves_whole(stack: Stack, admin: Browserless, fast: str) -> None:
    create(stack, admin, "system", source="image", image_id=stack.linux)
    before, content = path_of(stack, "system"), data(path_of(stack, "system"))
    act(stack, admin, "system", "move", pool=fast)
    assert volume(stack, "system")["base"] is None, "its image may be deleted now"
    assert (data(path_of(stack, "system")), before.exists()) == (content, False)
    act(stack, admin, "system", "delete")


def test_what_is_made_in_an_added_pool(stack: Stack, admin: Browserless, fast: str) -> None:
    """Of an image, of a snapshot and of a volume elsewhere, by a type that names the pool."""
    specs = "volume_backend_name=fast"
    assert admin.post("/volume-types/new/", name="fast", public="on", extra_specs=specs).status == 200
    create(stack, admin, "there", source="image", image_id=stack.linux, type="fast")
    create(stack, admin, "here", source="image", image_id=stack.linux)
    assert path_of(stack, "there").parent == Path(str(pool(stack)["path"]))
    assert data(path_of(stack, "there")) == data(path_of(stack, "here"))
    key = key_of(volume(stack, "here"))
    create(stack, admin, "copy", source="volume", source_volume_id=key, type="fast")
    assert data(path_of(stack, "copy")) == data(path_of(stack, "here"))

    act(stack, admin, "here", "retype", type="fast", migrate="on")
    assert path_of(stack, "here").parent == Path(str(pool(stack)["path"]))
    assert data(path_of(stack, "here")) == data(path_of(stack, "copy"))
    for name in ("there", "here", "copy"):
        act(stack, admin, name, "delete")


def test_a_pool_that_is_too_small_or_closed_is_not_offered(
    stack: Stack, admin: Browserless, fast: str
) -> None:
    create(stack, admin, "stays")
    form = f"/volumes/{key_of(volume(stack, 'stays'))}/actions/move/"
    assert "fast –" in admin.get(form).text
    enable(stack, admin, "false")
    assert "takes no new volumes" in admin.get(form).text
    assert admin.post(form, pool=fast).status == 400
    enable(stack, admin, "true")
    act(stack, admin, "stays", "move", pool=fast)
    busy = admin.post(f"/pools/{fast}/remove/")
    assert (busy.status, "Move or delete them first" in busy.text) == (409, True)
    act(stack, admin, "stays", "delete")


@pytest.fixture
def narrow(stack: Stack, admin: Browserless, small: Path) -> Iterator[str]:
    """The id of a pool on the small file system, which pretends to be large."""
    (host,) = stack.rows("select id from compute_hypervisor")
    page = f"/hosts/{UUID(str(host['id']))}/pools/new/"
    assert admin.post(page, name="narrow", folder=str(small)).status == 200
    wait_for(lambda: pool(stack, "narrow")["state"] == "ready", "the host to prepare the pool", 30)
    stack.manage("shell", "-c", PRETEND)
    yield key_of(pool(stack, "narrow"))
    assert admin.post(f"/pools/{key_of(pool(stack, 'narrow'))}/remove/").status in {200, 204}
    rows = "select 1 from compute_pool where name = 'narrow'"
    wait_for(lambda: not stack.rows(rows), "the pool to go", 30)


@pytest.mark.parametrize("live", [True, False])
def test_a_pool_that_fills_up_leaves_all_as_it_was(
    stack: Stack, admin: Browserless, writer: Subject, narrow: str, live: bool
) -> None:
    create(stack, admin, "much", source="image", image_id=stack.linux)
    subprocess.run(
        ["qemu-io", "-f", "qcow2", "-c", "write -P 7 200M 64M", path_of(stack, "much")],
        check=True,
        capture_output=True,
    )
    before, content = path_of(stack, "much"), data(path_of(stack, "much"))
    if live:
        act(stack, admin, "much", "attach", instance=writer.uuid)
    process = writer.domain().ID()
    act(stack, admin, "much", "move", "failed", pool=narrow)
    row = volume(stack, "much")
    assert "storage_full" in str(row["fault"])
    assert (row["status"], row["migration_status"]) == ("in-use" if live else "available", "error")
    assert path_of(stack, "much") == before
    assert stack.audit() == ""
    assert writer.domain().ID() == process
    if live:
        act(stack, admin, "much", "detach")
    assert data(before)[128 * 2**20 :] == content[128 * 2**20 :], "the guest wrote its log at the beginning"
    act(stack, admin, "much", "delete")
