"""The console process of this machine's host, as a thread of the tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from compute.console import app
from compute.engine.services import served_host
from compute.hosts.models import Hypervisor
from compute.hosts.services import local, questions


@contextmanager
def console_process() -> Iterator[Hypervisor]:
    """Serve pictures, logs and serial ports where web processes look for them; the row of the host."""
    questions.forget()
    host = local.serve()
    server, sockets = app.server(), app.sockets()
    thread = Thread(target=server.run, args=[sockets], daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the console process ended at once"
            time.sleep(0.01)
        yield host
    finally:
        server.should_exit = True
        thread.join(10)
        served_host.serve(None)
