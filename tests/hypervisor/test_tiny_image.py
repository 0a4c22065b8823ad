"""The tiny image, built from packages and booted in real QEMU under emulation: what its owner relies on."""

import io
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pycdlib
import pytest

import tests.tiny_image
from compute.tiny import build as tiny
from compute.tiny import tools

BOOT_SECONDS = 60
POWER_OFF_SECONDS = 10
MEMORY_MB = 128
JSON_READER = Path(tiny.__file__).parent / "rootfs/usr/lib/meridian/json.awk"
USER_DATA = '#!/bin/sh\necho "user data ran on $(hostname)" > /root/proof\n'


@dataclass
class Guest:
    """A QEMU process with its serial log, monitor and SSH port."""

    process: subprocess.Popen[bytes]
    directory: Path
    ssh_port: int

    @property
    def serial(self) -> str:
        return (self.directory / "serial.log").read_text(errors="replace")

    def wait_for(self, text: str, seconds: float = BOOT_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.serial:
            assert self.process.poll() is None, f"QEMU ended before {text!r}; serial log:\n{self.serial}"
            assert time.monotonic() < deadline, f"no {text!r} within {seconds} s; serial log:\n{self.serial}"
            time.sleep(0.05)

    def monitor(self, command: str, **arguments: str) -> None:
        """Run one QMP command."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.directory / "monitor"))
            with connection.makefile("rw") as stream:
                stream.readline()
                wanted = {"execute": command, "arguments": arguments}
                for request in ({"execute": "qmp_capabilities"}, wanted):
                    stream.write(json.dumps(request) + "\n")
                    stream.flush()
                    answer = json.loads(stream.readline())
                    while "event" in answer:
                        answer = json.loads(stream.readline())
                    assert "return" in answer, answer

    def ssh(
        self, user: str, key: Path | None, command: str, *options: str
    ) -> subprocess.CompletedProcess[str]:
        fixed = [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "ConnectTimeout=10",
            "LogLevel=ERROR",
        ]
        identity = ["-i", str(key), "-o", "IdentitiesOnly=yes"] if key else []
        arguments = [part for option in [*fixed, "BatchMode=yes", *options] for part in ("-o", option)]
        target = ["-p", str(self.ssh_port), f"{user}@127.0.0.1", command]
        return subprocess.run(
            ["ssh", "-F", "none", *arguments, *identity, *target],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture(scope="module")
def image() -> tiny.TinyImage:
    return tests.tiny_image.shared()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("keys")
    made = [directory / "first", directory / "second"]
    for key in made:
        comment = f'{key.name} "key", [of] {{a}} person'
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key], check=True)
    return made


@pytest.fixture(scope="module")
def guest(
    image: tiny.TinyImage, keys: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guest]:
    """An instance with a config drive on virtio-scsi, its disk larger than the image."""
    directory = tmp_path_factory.mktemp("guest")
    document = {
        "uuid": "6f6b0e0e-0000-4000-8000-000000000001",
        "hostname": "tiny-one",
        "public_keys": {'böse \\ "name"': keys[0].with_suffix(".pub").read_text(), "two": public(keys[1])},
        "meta": {"hostname": "not-this-one", "public_keys": "nor this"},
    }
    # Some writers escape every slash; both forms are the same JSON.
    text = json.dumps(document).replace("/", "\\/")
    files = {"openstack/latest/meta_data.json": text, "openstack/latest/user_data": USER_DATA}
    write_iso(directory / "seed.iso", "config-2", files)
    seed = ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=seed"]
    yield from boot(
        directory,
        image,
        [*seed, "-drive", f"id=seed,if=none,format=raw,file={directory}/seed.iso,readonly=on"],
    )


def public(key: Path) -> str:
    return key.with_suffix(".pub").read_text().strip()


def write_iso(target: Path, label: str, files: dict[str, str]) -> None:
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=label)
    made: set[str] = set()
    for number, (name, text) in enumerate(files.items()):
        *folders, base = name.split("/")
        path = ""
        for folder in folders:
            path = f"{path}/{folder}"
            if path not in made:
                iso.add_directory(path.upper(), rr_name=folder, joliet_path=path)
                made.add(path)
        content = text.encode()
        iso_path = f"{path.upper()}/FILE{number}.;1"
        iso.add_fp(io.BytesIO(content), len(content), iso_path, rr_name=base, joliet_path=f"/{name}")
    iso.write(str(target))
    iso.close()


def boot(directory: Path, image: tiny.TinyImage, extra: list[str]) -> Iterator[Guest]:
    disk = directory / "disk.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", image.path, "-F", "qcow2", disk, "1G"], check=True
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (directory / "serial.log").touch()
    command = [
        "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-m", str(MEMORY_MB),
        "-nodefaults", "-display", "none", "-vga", "std",
        "-serial", f"file:{directory}/serial.log",
        "-qmp", f"unix:{directory}/monitor,server=on,wait=off",
        "-drive", f"file={disk},if=virtio,format=qcow2",
        "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22",
        "-device", "virtio-net-pci,netdev=net,romfile=",
        "-device", "virtio-rng-pci",
    ]  # fmt: skip
    process = subprocess.Popen([*command, *extra])
    try:
        yield Guest(process=process, directory=directory, ssh_port=port)
    finally:
        process.kill()
        process.wait()


@pytest.mark.proof
def test_build_leaves_a_small_image_and_nothing_half_written(tmp_path: Path) -> None:
    image = tiny.build(tmp_path / "image", tmp_path / "work")
    assert image.size_bytes < 24 * 1024**2
    assert image.virtual_size_bytes <= 112 * 1024**2
    assert {path.name for path in image.path.parent.iterdir()} == {
        "tiny.qcow2",
        "probe-kernel",
        "probe-initrd",
    }


def test_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools, "SEARCH_PATH", str(tmp_path))
    with pytest.raises(tools.BuildError, match="apt-get install"):
        tiny.build(tmp_path / "image", tmp_path / "work")


@pytest.mark.proof
def test_boot_reports_its_end_and_takes_the_seed_name(guest: Guest) -> None:
    guest.wait_for("login: root")
    assert re.search(r"meridian: boot finished after \d+ s", guest.serial)
    assert "tiny-one login:" in guest.serial
    assert "Linux version" in guest.serial


@pytest.mark.proof
def test_every_seeded_key_opens_both_accounts(guest: Guest, keys: list[Path]) -> None:
    guest.wait_for("boot finished")
    for key in keys:
        for user in ("root", "meridian"):
            done = guest.ssh(user, key, "id -un; hostname")
            assert done.stdout.split() == [user, "tiny-one"], done.stderr


@pytest.mark.proof
def test_passwords_are_refused(guest: Guest) -> None:
    guest.wait_for("boot finished")
    done = guest.ssh("root", None, "true", "PubkeyAuthentication=no", "PreferredAuthentications=password")
    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr


@pytest.mark.proof
def test_user_data_ran(guest: Guest, keys: list[Path]) -> None:
    guest.wait_for("meridian: user data finished with status 0")
    assert guest.ssh("root", keys[0], "cat /root/proof").stdout == "user data ran on tiny-one\n"


@pytest.mark.proof
def test_root_file_system_fills_the_disk(guest: Guest, keys: list[Path]) -> None:
    guest.wait_for("boot finished")
    blocks = guest.ssh("root", keys[0], "sleep 1; df -m / | awk 'END { print $2 }'").stdout
    assert int(blocks) > 900


@pytest.mark.proof
def test_screen_shows_text(guest: Guest) -> None:
    guest.wait_for("login: root")
    picture = guest.directory / "screen.ppm"
    guest.monitor("screendump", filename=str(picture))
    pixels = picture.read_bytes().split(b"\n", 3)[3]
    assert sum(1 for value in pixels[::3] if value > 100) > 1000


@pytest.mark.proof
def test_power_button_ends_the_guest_cleanly(guest: Guest) -> None:
    """Last of the tests on this guest: it is off afterwards."""
    guest.wait_for("boot finished")
    guest.monitor("system_powerdown")
    assert guest.process.wait(timeout=POWER_OFF_SECONDS) == 0
    assert "meridian: power off requested" in guest.serial
    raw = guest.directory / "disk.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", guest.directory / "disk.qcow2", raw], check=True)
    summary = tools.run("debugfs", "-R", "show_super_stats -h", f"{raw}?offset={2048 * 512}")
    assert "needs_recovery" not in summary
    assert re.search(r"Filesystem state: +clean", summary)


@pytest.mark.proof
def test_nocloud_seed_on_a_virtio_disk(image: tiny.TinyImage, keys: list[Path], tmp_path: Path) -> None:
    meta_data = "instance-id: i-7\nlocal-hostname: tiny-two\n"
    user_data = "#cloud-config\nssh_authorized_keys:\n" + "".join(f"  - {public(key)}\n" for key in keys)
    write_iso(tmp_path / "seed.iso", "cidata", {"meta-data": meta_data, "user-data": user_data})
    for guest in boot(
        tmp_path, image, ["-drive", f"if=virtio,format=raw,file={tmp_path}/seed.iso,readonly=on"]
    ):
        guest.wait_for("tiny-two login:")
        for key in keys:
            assert guest.ssh("root", key, "hostname").stdout == "tiny-two\n"


@pytest.mark.proof
def test_probe_pair_says_it_runs(image: tiny.TinyImage) -> None:
    done = subprocess.run(
        [
            "qemu-system-x86_64", "-accel", "tcg", "-m", "96", "-nodefaults", "-display", "none",
            "-serial", "stdio", "-kernel", image.kernel, "-initrd", image.probe_initrd,
            "-append", "console=ttyS0 quiet panic=-1 no_timer_check", "-no-reboot",
        ],
        capture_output=True, text=True, timeout=BOOT_SECONDS, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "PROBE-OK" in done.stdout


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        (
            '{"a": {"b": [1, "two", {"c": null}]}, "d": "x"}',
            ["a/b/0\t1", "a/b/1\ttwo", "a/b/2/c\tnull", "d\tx"],
        ),
        (r'{"k": "ssh-rsa AA\/+= \u00e9\ud83d\ude00 \"q\" \\ , } ]"}', ['k\tssh-rsa AA/+= é😀 "q" \\ , } ]']),
        (r'{"k": "one\ntwo"}', ["k\tone two"]),
        ('{"a": 1, "b": "cut sho', ["a\t1", "b\t"]),
        ("{]:,", []),
    ],
)
def test_json_reader(document: str, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "document").write_text(document)
    command = ["busybox", "awk", "-f", JSON_READER, tmp_path / "document"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    assert done.stdout.splitlines() == lines
