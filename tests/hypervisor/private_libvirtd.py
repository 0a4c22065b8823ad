"""A libvirtd of our own, to freeze and kill while others go on."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tests.waiting import wait_until

USER = "nobody"


class PrivateLibvirtd:
    """A session daemon of an unprivileged user; its folders are its own, and so is its test hypervisor."""

    def __init__(self, root: Path) -> None:
        self.root = root / "libvirtd"
        self.socket = self.root / "run/libvirt/libvirt-sock"
        self.uri = f"test+unix:///default?socket={self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        user = pwd.getpwnam(USER)
        for folder in (self.root, self.root / "run", self.root / "home"):
            folder.mkdir(mode=0o700, exist_ok=True)
            os.chown(folder, user.pw_uid, user.pw_gid)
        home = str(self.root / "home")
        self.process = subprocess.Popen(
            ["libvirtd", "--timeout", "600"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": str(self.root / "run")},
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._listens, "the private libvirtd")

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
