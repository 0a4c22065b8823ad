"""A web server on the loopback for what is fetched from the web: each path answers as a test says."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]


class WebServer:
    """A running server. `hits` are the paths that were fetched, `hosts` by which names, `names` those asked for by TLS."""

    def __init__(self, address: str, certified: Path | None) -> None:
        self.answers: dict[str, Answer] = {}
        self.hits: list[str] = []
        self.hosts: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                outer.hits.append(path)
                outer.hosts.append(self.headers["Host"])
                outer.answers[path](self)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.scheme = "http"
        if certified is not None:
            self.scheme, tls = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certified / "server.pem", certified / "server.key")
            tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
            self.names: list[str | None] = []
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.address, self.port = address, self.server.server_address[1]

    def url(self, path: str, host: str = "") -> str:
        return f"{self.scheme}://{host or self.address}:{self.port}{path}"

    def serve(self, path: str, data: bytes) -> str:
        """Answer with data; the URL."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)

        self.answers[path] = answer
        return self.url(path)

    def redirect(self, path: str, target: str) -> str:
        """Answer with a redirect; the URL."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(302)
            request.send_header("Location", target)
            request.send_header("Content-Length", "0")
            request.end_headers()

        self.answers[path] = answer
        return self.url(path)


@contextmanager
def running(address: str = "127.0.0.1", certified: Path | None = None) -> Iterator[WebServer]:
    """Run one that answers, until the end; by TLS with the certificate in a folder, if one is named."""
    server = WebServer(address, certified)
    thread = threading.Thread(target=server.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()
        thread.join()
