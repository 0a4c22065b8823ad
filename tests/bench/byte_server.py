"""Run by itself: a stand-in for a guest's screen on a unix socket that sends as fast as it can.

Greets as RFB does, and answers whatever is said with so many bytes. It never hangs up first: websockify
would forget what it has not sent by then.
"""

import socketserver
import sys
from pathlib import Path

GREETING = b"RFB 003.008\n"
CHUNK = bytes(range(256)) * 4096


class Screen(socketserver.BaseRequestHandler):
    """One viewer."""

    def handle(self) -> None:
        self.request.sendall(GREETING)
        try:
            while self.request.recv(64):
                for _ in range(int(sys.argv[2]) // len(CHUNK)):
                    self.request.sendall(CHUNK)
        except ConnectionError:
            return  # the viewer left


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.unlink(missing_ok=True)
    with Server(str(path), Screen) as server:
        server.serve_forever()
