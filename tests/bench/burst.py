"""Twenty launches by four clients, beside the same guests made and started by virsh, as many at a time."""

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench.compute import Api
from tests.bench.figures import Figure, Goal, median_ratio
from tests.bench.installation import Installation
from tests.bench.virsh import Virsh

ROUNDS = 3
CLIENTS = 4
LAUNCHES = 20
POLL_SECONDS = 0.02


def measure(installation: Installation) -> Iterator[Figure]:
    """Rounds of ours and virsh's, each first in turn. The guests have no system, so that launching is measured."""
    api = Api(installation, "admin", "admin")
    blank = installation.run("tests.bench.blank")
    quota = {"instances": 100, "cores": 100, "ram": 100_000, "force": True}
    api.ask("PUT", f"os-quota-sets/{api.project}", {"quota_set": quota})
    _launch(installation, api, "burst-sample", blank)
    virsh = Virsh(installation, installation.stack.instance("burst-sample"))
    _remove(installation, api, ["burst-sample"])
    ours, theirs = [], []
    for number in range(ROUNDS):
        for mine in (True, False) if number % 2 else (False, True):
            if mine:
                names = [f"burst-{number}-{index}" for index in range(LAUNCHES)]
                ours.append(_at_once(lambda name: _launch(installation, api, name, blank), names))
                _remove(installation, api, names)
            else:
                guests = [virsh.prepare() for _index in range(LAUNCHES)]
                theirs.append(_at_once(virsh.start, guests))
                for guest in guests:
                    virsh.remove(guest)
            time.sleep(1)
    yield Figure(
        what=f"{LAUNCHES} launches by {CLIENTS} clients (median of {ROUNDS} rounds)",
        ours=f"{statistics.median(ours):.1f} s",
        beside=f"virsh, as many at a time: {statistics.median(theirs):.1f} s",
        value=median_ratio(ours, theirs),
        goal=Goal(bound=1.3),
    )


def _at_once(work: Callable[[Any], object], items: list[Any]) -> float:
    """Seconds that the clients take for all items."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(work, items))
    return time.perf_counter() - began


def _launch(installation: Installation, api: Api, name: str, image: str) -> None:
    """Launch by the API; the row says when it runs, since asking for it would be load of its own."""
    server = {"name": name, "imageRef": image, "flavorRef": "1"}
    identity = api.ask("POST", "servers", {"server": server}).json()["server"]["id"]
    rows = sqlite3.connect(f"file:{installation.database}?mode=ro", uri=True, timeout=30)
    statement = "select vm_state from compute_instance where id = ?"
    while rows.execute(statement, [identity.replace("-", "")]).fetchone() != ("active",):
        time.sleep(POLL_SECONDS)
    rows.close()


def _remove(installation: Installation, api: Api, names: list[str]) -> None:
    for name in names:
        api.ask("POST", f"servers/{installation.stack.instance(name)['uuid']}/action", {"forceDelete": None})
    for name in names:
        installation.stack.wait_for_state(name, "deleted")
