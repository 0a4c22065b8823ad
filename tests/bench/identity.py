"""Tokens beside the real Keystone: as many processes each, on one PostgreSQL, in the same rounds."""

import asyncio
import json
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.bench.keystone import REQUIREMENTS, ROUNDS, keystone
from tests.bench.load import Call, many, once
from tests.hashers import QuickArgon2
from tests.postgres import cluster
from tests.stack import PASSWORD, QUICK_HASHES, running
from tests.venvs import venv_of

PROCESSES = 2
RUNS = 5
SECONDS = 3
AT_ONCE = 16
LOGINS = 200
SCOPE = {"project": {"name": "admin", "domain": {"id": "default"}}}
PROOF = {
    "methods": ["password"],
    "password": {"user": {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}},
}


class Peer:
    """One of the two, with a token to ask with and one to ask about."""

    def __init__(self, address: str) -> None:
        self.tokens = f"{address}/auth/tokens"
        self.own, self.other = self._token(), self._token()
        self.sign_in = self._post(PROOF)
        self.rescope = self._post({"methods": ["token"], "token": {"id": self.other}})
        self.validate = Call(
            method="GET",
            url=self.tokens,
            headers={"X-Auth-Token": self.own, "X-Subject-Token": self.other},
        )

    def _post(self, identity: dict[str, Any]) -> Call:
        body = json.dumps({"auth": {"identity": identity, "scope": SCOPE}}).encode()
        return Call(method="POST", url=self.tokens, body=body, status=201)

    def _token(self) -> str:
        call = self._post(PROOF)
        request = urllib.request.Request(
            call.url, data=call.body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.headers["X-Subject-Token"])


def measure(_installation: Installation) -> Iterator[Figure]:
    """In an installation of its own, since the shared one has another database."""
    with cluster() as server, tempfile.TemporaryDirectory(prefix="meridian-keystone-") as folder:
        database = server.create("meridian")
        with (
            keystone(server, Path(folder), PROCESSES) as address,
            running(DATABASE_URL=database, MERIDIAN_WEB_WORKERS=str(PROCESSES), **QUICK_HASHES) as stack,
        ):
            stack.bootstrap()
            theirs, ours = Peer(address), Peer(f"{stack.url}/identity/v3")
            yield _rates("validate", ours.validate, theirs.validate, Goal(bound=5, at_least=True))
            yield _rates("rescope", ours.rescope, theirs.rescope, Goal(bound=3, at_least=True))
            yield from _overhead(ours.sign_in, theirs.sign_in)


def _rates(what: str, ours: Call, theirs: Call, goal: Goal) -> Figure:
    mine, others = [], []
    for call in (ours, theirs):
        asyncio.run(many(call, 1, AT_ONCE))  # fills caches
    for _run in range(RUNS):
        others.append(asyncio.run(many(theirs, SECONDS, AT_ONCE)))
        mine.append(asyncio.run(many(ours, SECONDS, AT_ONCE)))
    return Figure(
        what=f"tokens, {what}, {AT_ONCE} at once, {PROCESSES} processes",
        ours=f"{statistics.median(mine):.0f} per s",
        beside=f"Keystone {statistics.median(others):.0f} per s",
        value=median_ratio(mine, others),
        goal=goal,
    )


def _overhead(ours: Call, theirs: Call) -> Iterator[Figure]:
    """What signing in takes beyond the hash of the password, which each makes as it likes.

    Both have the cheapest hash that their algorithm knows, since a real one takes twenty times as long as the rest and
    varies by more than that. They take turns one by one, so that neither finds the processor's caches as it left them.
    Of many the middle one counts, as in the other figures: the quickest is luck, and of a few of each, unequal luck.
    """
    hasher = QuickArgon2()
    encoded = hasher.encode(PASSWORD, hasher.salt())
    mine, hashing, others = [], [], []
    for _login in range(LOGINS):
        others.append(asyncio.run(once(theirs)))
        mine.append(asyncio.run(once(ours)))
        began = time.perf_counter()
        hasher.verify(PASSWORD, encoded)
        hashing.append(time.perf_counter() - began)
    bcrypt = _bcrypt_seconds()
    for what, of, goal in (
        ("token by password, beyond the hash", statistics.median, Goal(bound=0.25)),
        ("    the quickest of each", min, None),
    ):
        own, other = of(mine) - statistics.median(hashing), of(others) - bcrypt
        yield Figure(
            what=what,
            ours=milliseconds(own),
            beside=f"Keystone {milliseconds(other)}",
            value=own / other,
            goal=goal,
        )


def _bcrypt_seconds() -> float:
    """What Keystone's hash takes in its own Python."""
    program = (
        f"import bcrypt, statistics, time; stored = bcrypt.hashpw(b'x' * 28, bcrypt.gensalt({ROUNDS})); "
        "moments = [time.perf_counter() for _ in range(41) if bcrypt.checkpw(b'x' * 28, stored)]; "
        "print(statistics.median(after - before for before, after in zip(moments, moments[1:])))"
    )
    python = venv_of(REQUIREMENTS) / "python"
    return float(subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout)
