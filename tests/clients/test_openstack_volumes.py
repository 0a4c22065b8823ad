"""Volumes by the real `openstack` command, in real guests that write to them and read what others wrote."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.clients.conftest import OpenStack
from tests.stack import Stack, wait_for

JSON = "-f json"
pytestmark = pytest.mark.timeout(900)
WRITER = """#!/bin/sh
(while :; do
    for disk in /sys/block/vd[b-z]; do
        [ -e $disk ] || continue
        device=/dev/${disk##*/}
        text=$(head -c 64 $device | tr -d '\\000')
        [ -n "$text" ] || echo "written by $(hostname)" | dd of=$device conv=notrunc,fsync 2> /dev/null
        [ -b $device ] || rm -f $device  # it was unplugged meanwhile, and dd has made a plain file of its name
        [ -n "$text" ] || continue
        echo "disk: $(cat $disk/serial) $(cat $disk/size) $text" > /dev/ttyS0
    done
    echo "disks: $(ls /sys/block | grep -c '^vd')" > /dev/ttyS0
    sleep 1
done) &
"""
"""Writes its name on each empty disk, and says of every one its serial, its sectors and what is written there."""


def said(stack: Stack, server: str, word: str) -> str:
    """What the guest last wrote on its console behind a word."""
    log = (stack.root / f"storage/consoles/{server}.log").read_text(errors="replace")
    lines = [line.split(f"{word}: ", 1)[1].strip() for line in log.splitlines() if f"{word}: " in line]
    return lines[-1] if lines else ""


def wait_for_text(
    stack: Stack, server: str, row: dict[str, Any], text: str, what: str, *, size: int = 1
) -> None:
    """Wait until the guest reads this on the volume, now: what it read earlier does not count."""
    log = stack.root / f"storage/consoles/{server}.log"
    before, line = log.stat().st_size, f"disk: {row['id'][:20]} {size * 2**21} {text}"
    wait_for(lambda: line in log.read_bytes()[before:].decode(errors="replace"), what, 120)


@pytest.fixture(scope="module")
def servers(openstack: OpenStack, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The ids of three guests that write on their disks, in their first boot only."""
    script = Path(tmp_path_factory.mktemp("user-data") / "writer.sh")
    script.write_text(WRITER)
    made = [
        openstack(
            f"server create --wait --flavor tiny --image {stack.linux} --user-data {script} {JSON} writer-{number}"
        )
        for number in (1, 2, 3)
    ]
    for server in made:
        wait_for(
            lambda server=server: said(stack, server["id"], "disks"), "a guest to look at its disks", 120
        )
    return [str(server["id"]) for server in made]


def volume(openstack: OpenStack, name: str) -> dict[str, Any]:
    row: dict[str, Any] = openstack(f"volume show {JSON} {name}")
    return row


def wait_for_status(openstack: OpenStack, name: str, status: str) -> dict[str, Any]:
    wait_for(lambda: volume(openstack, name)["status"] == status, f"{name} to be {status}", 180)
    return volume(openstack, name)


def test_data_move_from_guest_to_guest(openstack: OpenStack, stack: Stack, servers: list[str]) -> None:
    first, second, off = servers
    made = openstack(f"volume create --size 1 --description things --property team=web {JSON} data")
    assert wait_for_status(openstack, "data", "available")["properties"] == {"team": "web"}
    attachment = openstack(f"server add volume {JSON} {first} data")
    assert attachment["Device"] == "/dev/vdb"
    assert wait_for_status(openstack, "data", "in-use")["attachments"][0]["server_id"] == first
    newest = "--os-volume-api-version 3.70"
    (row,) = openstack(f"{newest} volume attachment list --volume-id {made['id']} {JSON}")
    assert (row["Server ID"], row["Status"]) == (first, "attached")
    assert openstack(f"{newest} volume attachment show {row['ID']} {JSON}")["Volume ID"] == made["id"]
    assert "Compute API" in openstack.refused(f"{newest} volume attachment delete {row['ID']}")
    wait_for_text(stack, first, made, "written by writer-1", "the guest to write")

    openstack("volume set --size 2 data")
    wait_for_status(openstack, "data", "in-use")
    wait_for_text(stack, first, made, "written by writer-1", "the guest to see the larger disk", size=2)
    assert "Detach" in openstack.refused("volume delete data")

    openstack(f"server remove volume {first} data")
    wait_for_status(openstack, "data", "available")
    wait_for(lambda: said(stack, first, "disks") == "1", "the guest to have released it", 30)
    openstack(f"server add volume {JSON} {second} data")
    wait_for_text(stack, second, made, "written by writer-1", "the other guest to read it", size=2)
    openstack(f"server remove volume {second} data")
    wait_for_status(openstack, "data", "available")
    openstack(f"server add volume {JSON} {off} data")
    wait_for_text(stack, off, made, "written by writer-1", "the third guest to read it", size=2)
    openstack(f"server stop {off}")
    wait_for(lambda: openstack(f"server show {JSON} {off}")["status"] == "SHUTOFF", "it to be off", 120)
    openstack(f"server remove volume {off} data")
    wait_for_status(openstack, "data", "available")

    openstack(f"volume create --source data {JSON} copy")
    copy = wait_for_status(openstack, "copy", "available")
    openstack(f"server add volume {JSON} {first} copy")
    wait_for_text(stack, first, copy, "written by writer-1", "the copy to hold the same", size=2)
    openstack("volume delete data")
    wait_for(
        lambda: [row["Name"] for row in openstack(f"volume list {JSON}")] == ["copy"], "it to be gone", 60
    )
    openstack(f"server remove volume {first} copy")
    wait_for_status(openstack, "copy", "available")
    openstack("volume delete copy")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "all to be gone", 60)
    assert stack.audit() == ""


def test_of_an_image(openstack: OpenStack, stack: Stack) -> None:
    openstack(f"volume create --image {stack.linux} --size 1 {JSON} system")
    row = wait_for_status(openstack, "system", "available")
    assert (row["bootable"], UUID(row["volume_image_metadata"]["image_id"])) == (True, UUID(stack.linux))
    assert "in use" in openstack.refused(f"image delete {stack.linux}")
    made = openstack(f"image create --volume system {JSON} of-volume")
    wait_for(
        lambda: openstack(f"image show {JSON} of-volume")["status"] == "active", "the image to be made", 120
    )
    server = openstack(
        f"server create --wait --flavor tiny --image {made['image_id']} {JSON} of-image-of-volume"
    )
    assert server["status"] == "ACTIVE"
    openstack.run(f"server delete --wait {server['id']}")
    openstack.run("image delete of-volume")
    openstack("volume delete system")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "it to be gone", 60)
    assert stack.audit() == ""


def test_types_and_limits(openstack: OpenStack) -> None:
    assert openstack(f"volume type list {JSON}")[0]["Name"] == "standard"
    openstack(f"volume type create --private --property volume_backend_name=fast {JSON} gold")
    assert openstack(f"volume type show {JSON} gold")["properties"] == {"volume_backend_name": "fast"}
    openstack(f"volume create --size 1 --type gold {JSON} lost")
    wait_for_status(openstack, "lost", "error")
    openstack("volume delete lost")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "it to be gone", 60)
    openstack("volume type delete gold")
    openstack("quota set --volumes 1 demo")
    shown = {row["Resource"]: row["Limit"] for row in openstack(f"quota show --volume {JSON} demo")}
    assert shown["volumes"] == 1
    openstack("quota delete --volume demo")
    assert openstack(f"availability zone list --volume {JSON}")[0]["Zone Name"] == "nova"
    assert openstack(f"volume service list {JSON}")[0]["State"] == "up"
    assert openstack(f"volume backend pool list {JSON}")


def test_boot_from_volumes(openstack: OpenStack, stack: Stack, tmp_path: Path) -> None:
    """From a new volume of an image, from a present one, and again after the recycle bin."""
    openstack(f"volume create --size 1 {JSON} extra")
    extra = wait_for_status(openstack, "extra", "available")
    script = tmp_path / "writer.sh"
    script.write_text(WRITER)
    server = openstack(
        f"server create --wait --flavor tiny --image {stack.linux} --boot-from-volume 1 "
        f"--block-device uuid={extra['id']},source_type=volume,boot_index=-1 "
        f"--user-data {script} {JSON} from-volume"
    )
    assert (server["status"], len(server["volumes_attached"])) == ("ACTIVE", 2)
    root = next(
        row["id"] for row in server["volumes_attached"] if volume(openstack, row["id"])["name"] != "extra"
    )
    assert (volume(openstack, root)["status"], volume(openstack, root)["bootable"]) == ("in-use", True)
    wait_for_text(stack, server["id"], extra, "written by from-volume", "the guest to write")
    assert said(stack, server["id"], "disks") == "2"
    assert "boots from it" in openstack.refused(f"server remove volume {server['id']} {root}")
    assert "volume" in openstack.refused(f"server rebuild --image {stack.linux} {server['id']}")
    openstack.run(f"server reboot --hard --wait {server['id']}")
    _rebuild_on_its_volume(openstack, stack, server["id"], root)
    # The script runs in a system's first boot only.
    wait_for_text(stack, server["id"], extra, "written by from-volume", "the fresh system to read")
    openstack.run(f"server delete --wait {server['id']}")
    assert {volume(openstack, name)["status"] for name in (root, "extra")} == {"available"}

    again = openstack(f"server create --wait --flavor tiny --volume {root} --user-data {script} {JSON} again")
    openstack(f"server add volume {JSON} {again['id']} extra")
    wait_for_text(stack, again["id"], extra, "written by from-volume", "the other guest to read")
    openstack.run(f"server delete --wait {again['id']}")

    # Of a snapshot a further server gets a volume of its own, with all that was on the first one's.
    openstack(f"volume snapshot create --volume {root} {JSON} moment")
    wait_for_snapshot(openstack, "moment")
    third = openstack(
        f"server create --wait --flavor tiny --snapshot moment --user-data {script} {JSON} third"
    )
    copy = third["volumes_attached"][0]["id"]
    assert copy != root
    assert volume(openstack, copy)["snapshot_id"]
    openstack(f"server add volume {JSON} {third['id']} extra")
    wait_for_text(stack, third["id"], extra, "written by from-volume", "the third guest to read")
    openstack.run(f"server delete --wait {third['id']}")
    openstack(f"volume delete {copy}")
    openstack("volume snapshot delete moment")
    wait_for(lambda: openstack(f"volume snapshot list {JSON}") == [], "the snapshot to be gone", 60)
    openstack(f"volume delete {root} extra")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "all to be gone", 60)
    assert stack.audit() == ""


def _rebuild_on_its_volume(openstack: OpenStack, stack: Stack, server: str, root: str) -> None:
    """The volume gets the data of the image; a snapshot still has what was there."""
    openstack(f"--os-volume-api-version 3.70 volume snapshot create --volume {root} {JSON} before")
    wait_for_snapshot(openstack, "before")
    done = openstack.run(
        "--os-compute-api-version 2.93 server rebuild --wait --reimage-boot-volume "
        f"--image {stack.linux} {server}"
    )
    assert done.returncode == 0, done.stderr
    shown = openstack(f"server show {JSON} {server}")
    assert (shown["status"], root in str(shown["volumes_attached"])) == ("ACTIVE", True)
    openstack(f"volume create --snapshot before {JSON} what-was")
    wait_for_status(openstack, "what-was", "available")
    openstack("volume delete what-was")
    wait_for(lambda: len(openstack(f"volume list {JSON}")) == 2, "it to be gone", 60)
    openstack("volume snapshot delete before")
    wait_for(lambda: openstack(f"volume snapshot list {JSON}") == [], "the snapshot to be gone", 120)


def test_snapshots_live_and_off(openstack: OpenStack, stack: Stack, servers: list[str]) -> None:
    """Three moments of a disk that goes on; the data of each, and of the disk, when they go in any order."""
    server = servers[0]
    history = openstack(f"volume create --size 1 {JSON} history")
    wait_for_status(openstack, "history", "available")
    openstack(f"volume snapshot create --volume history {JSON} empty")
    wait_for_snapshot(openstack, "empty")
    openstack(f"server add volume {JSON} {server} history")
    wait_for_text(stack, server, history, "written by writer-1", "the guest to write")
    for name in ("written", "later"):
        openstack(f"--os-volume-api-version 3.70 volume snapshot create --volume history {JSON} {name}")
        wait_for_snapshot(openstack, name)
    copy = openstack(f"volume create --snapshot written {JSON} copy")
    wait_for_status(openstack, "copy", "available")
    # The middle one first, while the guest has all of them open; then the first, below everything.
    for name in ("written", "empty"):
        openstack.run(f"volume snapshot delete {name}")
        wait_for(lambda name=name: name not in snapshots(openstack), f"{name} to be gone", 60)
    wait_for_text(stack, server, history, "written by writer-1", "the guest to read on")
    openstack(f"server remove volume {server} history")
    wait_for_status(openstack, "history", "available")
    openstack(f"server add volume {JSON} {servers[1]} copy")
    wait_for_text(stack, servers[1], copy, "written by writer-1", "the copy to hold the data")
    openstack(f"server remove volume {servers[1]} copy")
    wait_for_status(openstack, "copy", "available")
    openstack.run("volume snapshot delete later")
    wait_for(lambda: snapshots(openstack) == [], "all to be gone", 60)
    openstack(f"server add volume {JSON} {servers[1]} history")
    wait_for_text(stack, servers[1], history, "written by writer-1", "the disk to hold the data")
    openstack(f"server remove volume {servers[1]} history")
    wait_for_status(openstack, "history", "available")
    assert stack.audit() == ""
    openstack(f"volume snapshot create --volume history {JSON} last")
    wait_for_snapshot(openstack, "last")
    openstack("volume delete --purge history copy")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "all to be gone", 60)
    assert stack.audit() == ""


def test_going_back(openstack: OpenStack, stack: Stack, servers: list[str]) -> None:
    back = openstack(f"volume create --size 1 {JSON} back")
    wait_for_status(openstack, "back", "available")
    openstack(f"volume snapshot create --volume back {JSON} blank")
    wait_for_snapshot(openstack, "blank")
    openstack(f"server add volume {JSON} {servers[0]} back")
    wait_for_text(stack, servers[0], back, "written by writer-1", "the guest to write")
    assert "Stop writer-1" in openstack.refused("--os-volume-api-version 3.70 volume revert blank")
    openstack(f"server remove volume {servers[0]} back")
    wait_for_status(openstack, "back", "available")
    openstack("--os-volume-api-version 3.70 volume revert blank")
    wait_for_status(openstack, "back", "available")
    openstack(f"server add volume {JSON} {servers[1]} back")
    wait_for_text(stack, servers[1], back, "written by writer-2", "the other guest to find it empty")
    openstack(f"server remove volume {servers[1]} back")
    wait_for_status(openstack, "back", "available")
    assert stack.audit() == ""
    openstack("volume delete --purge back")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "all to be gone", 60)


def snapshots(openstack: OpenStack) -> list[str]:
    return [row["Name"] for row in openstack(f"volume snapshot list {JSON}")]


def wait_for_snapshot(openstack: OpenStack, name: str) -> None:
    wait_for(
        lambda: openstack(f"volume snapshot show {JSON} {name}")["status"] == "available",
        f"{name} to be taken",
        60,
    )


def test_the_storage_of_a_host_is_switched_off(openstack: OpenStack) -> None:
    """Its pools take no new volumes then, for a reason that the list shows."""
    (host,) = (row["Hypervisor Hostname"] for row in openstack(f"hypervisor list {JSON}"))
    backend = f"{host}@directory"
    described = openstack(f"volume backend capability show {backend} {JSON}")
    assert {row["Key"] for row in described} >= {"thin_provisioning", "multiattach"}

    def service() -> dict[str, str]:
        (row,) = openstack(f"volume service list --long --service cinder-volume {JSON}")
        return dict(row)

    openstack(f"volume service set --disable --disable-reason repair {backend} cinder-volume")
    assert (service()["Status"], service()["Disabled Reason"]) == ("disabled", "repair")
    openstack(f"volume create --size 1 {JSON} homeless")
    wait_for(
        lambda: openstack(f"volume show homeless {JSON}")["status"] == "error", "it to find no pool", 60, 0.5
    )
    openstack("volume delete homeless")
    wait_for(lambda: not openstack(f"volume list {JSON} --name homeless"), "it to go", 60, 0.5)
    openstack(f"volume service set --enable {backend} cinder-volume")
    assert service()["Status"] == "enabled"
