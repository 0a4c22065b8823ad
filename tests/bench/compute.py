"""The Compute API, beside what a real Nova reached on a machine of this kind.

Installing Nova takes longer than all measurements together, so its figures are recorded ones. Machines differ, so what
it took is scaled by a floor under both that was measured then and is measured now: the same guest by virsh for
launches, the same list by `json.dumps` for lists.
"""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.bench.memory import by_program
from tests.bench.virsh import Virsh
from tests.stack import PASSWORD

ROUNDS = 11
LISTS = 11
POLL_SECONDS = 0.02
DETAIL = "servers/detail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nova:
    """Nova 34 with Keystone, Glance, Placement and Neutron, two processes a service. Seconds, but for the last two."""

    launch: float = 1.50
    virsh: float = 0.491
    detail: tuple[float, ...] = (0.071, 0.455, 5.0)
    json: float = 0.010
    """1,000 servers, 1.6 MB."""
    launches_a_second: float = 0.98
    memory_mib: int = 2_458


NOVA = Nova()


class Api:
    """Compute, with a token of its own for one person."""

    def __init__(self, installation: Installation, name: str, project: str) -> None:
        self._url = installation.stack.url
        self.session = requests.Session()
        proof = {"user": {"name": name, "domain": {"id": "default"}, "password": PASSWORD}}
        answer = self.session.post(
            f"{self._url}/identity/v3/auth/tokens",
            json={
                "auth": {
                    "identity": {"methods": ["password"], "password": proof},
                    "scope": {"project": {"name": project, "domain": {"id": "default"}}},
                }
            },
            timeout=60,
        )
        self.session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self.session.headers["Connection"] = "close"
        self.project = answer.json()["token"]["project"]["id"]

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """The Compute API's answer."""
        answer = self.session.request(method, f"{self._url}/compute/v2.1/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer

    def launch(self, name: str, image: str, count: int) -> float:
        """Seconds from POST until all are ACTIVE; they are removed afterwards."""
        server = {"name": name, "imageRef": image, "flavorRef": "1", "min_count": count, "networks": "auto"}
        self.session.headers["X-OpenStack-Nova-API-Version"] = "2.37"
        began = time.perf_counter()
        self.ask("POST", "servers", {"server": server})
        while True:
            servers = self.ask("GET", f"servers/detail?name={name}").json()["servers"]
            states = [server["status"] for server in servers]
            if states == ["ACTIVE"] * count:
                break
            assert "ERROR" not in states
            time.sleep(POLL_SECONDS)
        took = time.perf_counter() - began
        for server in servers:
            self.ask("POST", f"servers/{server['id']}/action", {"forceDelete": None})
        while self.ask("GET", f"servers/detail?name={name}").json()["servers"]:
            time.sleep(POLL_SECONDS)
        del self.session.headers["X-OpenStack-Nova-API-Version"]
        return took


def measure(installation: Installation) -> Iterator[Figure]:
    """Memory first, while nothing was done yet; lists of 1, 100 and 1,000 in detail; launches of 1, 5 and 20."""
    memory = by_program(installation)[0].total() / 2**20
    yield Figure(
        what="memory of all processes beside Nova's",
        ours=f"{memory:.0f} MiB",
        beside=f"Nova {NOVA.memory_mib} MiB",
        value=memory / NOVA.memory_mib,
        goal=Goal(bound=round(1 / 6, 3)),
    )
    yield from _lists(installation)
    yield from _launches(installation)


def _launches(installation: Installation) -> Iterator[Figure]:
    api = Api(installation, "admin", "admin")
    api.ask(
        "PUT",
        f"os-quota-sets/{api.project}",
        {"quota_set": {"instances": 100, "cores": 100, "ram": 100_000, "force": True}},
    )
    virsh = Virsh(installation, installation.launch("bench-floor"))
    installation.purge("bench-floor")
    tiny = installation.stack.rows("select id from compute_image")[0]["id"]
    floors, times = [], []
    for number in range(ROUNDS):
        floors.append(virsh.launch())
        times.append(api.launch(f"bench-one-{number}", tiny, 1))
    floor, one = statistics.median(floors), statistics.median(times)
    scale = floor / NOVA.virsh
    yield Figure(
        what="POST servers to ACTIVE, one",
        ours=milliseconds(one),
        beside=f"Nova {milliseconds(NOVA.launch * scale)}",
        value=one / (NOVA.launch * scale),
        goal=Goal(bound=0.45),
    )
    yield Figure(
        what="    the same beside virsh",
        ours=milliseconds(one),
        beside=f"virsh, same XML: {milliseconds(floor)}",
        value=one / floor,
        goal=Goal(bound=1.3),
    )
    blank = installation.run("tests.bench.blank")
    for count in (5, 20):
        rate = count / api.launch(f"bench-{count}", blank, count)
        yield Figure(
            what=f"POST {count} servers, per second until all are ACTIVE",
            ours=f"{rate:.2f} per s",
            beside=f"Nova {NOVA.launches_a_second / scale:.2f} per s",
            value=rate * scale / NOVA.launches_a_second,
            goal=Goal(bound=2, at_least=True),
        )


def _lists(installation: Installation) -> Iterator[Figure]:
    people = {
        entry["rows"]: Api(installation, entry["user"], entry["user"]) for entry in installation.rows["lists"]
    }
    most = max(people)
    whole = people[most].ask("GET", "servers/detail")
    servers = whole.json()
    assert len(servers["servers"]) == most
    size = len(json.dumps(servers))
    floor = statistics.median(dumping(servers) for _ in range(LISTS))
    scale = floor / NOVA.json * 1.6e6 / size
    goals = (1 / 8, 1 / 15, 1 / 20)
    asked = (
        (people[10], f"{DETAIL}?limit=1", 1),
        (people[100], DETAIL, 100),
        (people[most], DETAIL, most),
    )
    for (api, path, count), recorded, goal in zip(asked, NOVA.detail, goals, strict=True):
        floors, times = [], []
        for _round in range(LISTS):
            floors.append(dumping(servers))
            times.append(_seconds(api, path))
        took = statistics.median(times)
        yield Figure(
            what=f"GET servers/detail, rows: {count:,}",
            ours=milliseconds(took),
            beside=f"Nova {milliseconds(recorded * scale)}",
            value=took / (recorded * scale),
            goal=Goal(bound=round(goal, 3)),
        )
    yield Figure(
        what="    the same beside json.dumps of its body",
        ours=milliseconds(took),
        beside=f"json.dumps: {milliseconds(statistics.median(floors))}",
        value=median_ratio(times, floors),
        goal=Goal(bound=8),
    )


def dumping(value: object) -> float:
    """Seconds of `json.dumps`."""
    began = time.perf_counter()
    json.dumps(value)
    return time.perf_counter() - began


def _seconds(api: Api, path: str) -> float:
    began = time.perf_counter()
    api.ask("GET", path)
    return time.perf_counter() - began
