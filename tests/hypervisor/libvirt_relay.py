"""A wire to libvirt that can be cut: what a client sees when the daemon or the network dies."""

import contextlib
import socket
import threading
from pathlib import Path


class Relay:
    """Listens on a unix socket and passes everything on to libvirt's."""

    def __init__(self, path: Path, libvirt: Path = Path("/run/libvirt/libvirt-sock")) -> None:
        self.path, self.libvirt = path, libvirt
        self.uri = f"qemu+unix:///system?socket={path}"
        self.ends: list[socket.socket] = []

    def open(self) -> None:
        """Let clients in."""
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        """End every connection and let nobody in."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ends.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(str(self.libvirt))
            self.ends += [client, daemon]
            for source, sink in ((client, daemon), (daemon, client)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)
