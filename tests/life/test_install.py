"""A system installed from an ISO onto an empty disk, which then boots by itself."""

import subprocess
from pathlib import Path

from tests import installer_iso
from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for

ADOPT = """
from pathlib import Path
from compute.images.models import Image
from compute.images.services import image_files
import hashlib
path = Path({path!r})
image = Image(
    name={name!r}, status="active", visibility="public", disk_format="iso", size=path.stat().st_size,
    virtual_size=path.stat().st_size, checksum=hashlib.sha256(path.read_bytes()).hexdigest(),
)
from compute.images.services.image_files import image_store
image_store().adopt(path, str(image.pk), lambda _done, _total: None)
image.save()
print(image.pk)
"""


def iso(stack: Stack, tmp_path: Path, name: str) -> str:
    path = installer_iso.write(tmp_path / f"{name}.iso")
    return stack.manage("shell", "-v", "0", "-c", ADOPT.format(path=str(path), name=name)).stdout.strip()


def console(subject: Subject) -> str:
    return (subject.stack.root / f"storage/consoles/{subject.uuid}.log").read_text(errors="replace")


def media(subject: Subject) -> list[str]:
    """What is in the drives of the running guest, but for the config drive."""
    listed = subprocess.run(
        ["virsh", "domblklist", f"instance-{subject.uuid}", "--details"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split() for line in listed.splitlines() if " cdrom " in line]
    return [row[3] for row in rows if "disk-" not in row[3]]


def test_a_system_is_installed_and_boots_from_its_disk(
    stack: Stack, admin: Browserless, tmp_path: Path
) -> None:
    key, drivers = iso(stack, tmp_path, "installer"), iso(stack, tmp_path, "drivers")
    assert admin.launch(stack, "installed", image_id=key).status == 200
    stack.wait_for_state("installed", "active", 120)
    subject = Subject(stack, admin, "installed")
    installed = installer_iso.INSTALLED.decode().strip()
    wait_for(lambda: installed in console(subject), "the installer to be done", 60)
    assert sorted(stack.disks(subject.uuid).values()) == ["cdrom", "config", "root"]
    assert admin.act(stack, "installed", "eject_cd").status == 200
    wait_for(lambda: media(subject) == ["-"], "the drive to be empty", 30)
    stack.wait_for_state("installed", "active")
    assert admin.act(stack, "installed", "force_reboot").status == 200
    booted = installer_iso.BOOTED.decode().strip()
    wait_for(lambda: booted in console(subject), "the system to boot from its disk", 60)
    stack.wait_for_state("installed", "active")

    assert admin.act(stack, "installed", "insert_cd", iso=drivers).status == 200
    wait_for(lambda: "image-" in media(subject)[0], "the second ISO to be in the drive", 30)
    stack.wait_for_state("installed", "active")
    assert "installed" in admin.post(f"/images/{drivers}/delete/").text, "what is in a drive is in use"
    assert admin.act(stack, "installed", "purge").status == 200
    stack.wait_for_state("installed", "deleted")
