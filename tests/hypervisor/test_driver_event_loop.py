"""libvirt's event loop changes under it from any thread, also where the garbage collector closes a connection."""

import subprocess
import sys

from django.conf import settings

from tests.stack import URI

LITTER = """
import gc, sys, threading
from compute.driver import connection

uri = sys.argv[1]

class Cycle:
    pass

def litter():
    cycle = Cycle()
    cycle.itself, cycle.connection = cycle, connection.open_connection(uri)
    cycle.pools = cycle.connection.listAllStoragePools()

def work():
    for _round in range(40):
        litter()
        connection.connect(uri).getLibVersion()

gc.set_threshold(30, 1, 1)
threads = [threading.Thread(target=work, daemon=True) for _number in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_the_collector_closes_connections_at_any_moment() -> None:
    """With a lock around the loop's tables, the first collection within it stopped every call of the process."""
    done = subprocess.run(
        [sys.executable, "-c", LITTER, URI],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
