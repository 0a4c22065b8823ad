"""Full pages of every API's lists, beside `json.dumps` of the same bodies; and the memory that they leave behind."""

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.bench import compute
from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.bench.memory import by_program
from tests.stack import running

ROWS, ROUNDS = 1_000, 7
PAIRS = 31
"""Rounds of a list beside its JSON. Both are so short that of few rounds chance decides."""
LISTS = {
    "compute/v2.1/servers/detail": "servers",
    "compute/v2.1/servers": "servers",
    "compute/v2.1/flavors/detail": "flavors",
    "compute/v2.1/os-keypairs": "keypairs",
    "compute/v2.1/os-server-groups": "server_groups",
    "image/v2/images?limit=1000": "images",
    "volume/v3/{project}/volumes/detail": "volumes",
    "volume/v3/{project}/snapshots/detail": "snapshots",
    "volume/v3/{project}/backups/detail": "backups",
    "identity/v3/users": "users",
    "identity/v3/projects": "projects",
    "identity/v3/groups": "groups",
    "identity/v3/role_assignments?scope.project.id={project}": "role_assignments",
}
"""{path: the list's name in the body}. Identity has no limit of its own; the rows are as many."""


class Client:
    """One connection that lasts, as clients' libraries have it. Its own work is little beside a full page."""

    def __init__(self, api: compute.Api, url: str) -> None:
        self.project = api.project
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"X-Auth-Token": str(api.session.headers["X-Auth-Token"])}

    def get(self, path: str) -> tuple[float, bytes]:
        """Seconds until the last byte, and the body."""
        began = time.perf_counter()
        self._connection.request("GET", f"/{path.format(project=self.project)}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return time.perf_counter() - began, body


def measure(_installation: Installation) -> Iterator[Figure]:
    """In an installation of its own, since so many rows would be in the way of others."""
    with running() as stack:
        installation = Installation(stack)
        name = installation.run("tests.bench.api_list_rows")
        client = Client(compute.Api(installation, name, name), stack.url)
        for path, noun in LISTS.items():
            yield _beside_its_json(client, path, noun)
        sizes = []
        for _time in range(3):
            for path in LISTS:
                for _round in range(ROUNDS):
                    client.get(path)
            sizes.append(by_program(installation)[0]["web"])
    before, _between, after = sizes
    yield Figure(
        what=f"    memory of the web processes after {2 * ROUNDS * len(LISTS)} more",
        ours=f"{after / 2**20:.0f} MiB",
        beside=f"before: {before / 2**20:.0f} MiB",
        value=after / before,
        goal=Goal(bound=1.1),
    )


def _beside_its_json(client: Client, path: str, noun: str) -> Figure:
    """The list's time beside that of writing its body as JSON."""
    body = json.loads(client.get(path)[1])
    assert len(body[noun]) >= ROWS, f"{path} has {len(body[noun])} rows"
    floors, times = [], []
    for _round in range(PAIRS):
        floors.append(compute.dumping(body))
        times.append(client.get(path)[0])
    return Figure(
        what=f"GET {path.split('?')[0].replace('{project}/', '')}, {len(body[noun]):,} rows",
        ours=milliseconds(statistics.median(times)),
        beside=f"json.dumps: {milliseconds(statistics.median(floors))}",
        value=median_ratio(times, floors),
        goal=Goal(bound=8),
    )
