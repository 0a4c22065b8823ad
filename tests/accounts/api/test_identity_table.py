"""The status of every call of the Identity API, for every role in every scope, on three kinds of things.

For roles in a project these are one's own, those of another domain, and nobody's; for roles on a domain and on the
system “own” is what a neighbour in the caller's domain has.

The table beside this file says what is meant. Whoever changes a rule sees here who gains or loses by it: the table
as it came out is left in test-artifacts, to be read before it is kept.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import AuditEvent
from accounts.services import catalog
from tests.accounts.api import ec2_requests
from tests.accounts.api.identity_calls import Api
from tests.accounts.api.identity_cast import (
    CLOUD,
    PLACED,
    ROLES,
    SECRET,
    Things,
    address,
    caller,
    elsewhere,
    nobodys,
    things_of,
)
from tests.accounts.api.identity_routes import Call, calls
from tests.kept_rows import kept_rows, undone
from tests.proof import examples

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("identity_table.txt")
CAME_OUT = Path("test-artifacts") / TABLE.name
TARGETS = ("own", "foreign", "unknown")
VARIANTS = [(place, actor) for place in ("projects", "domains") for actor in ("users", "groups")]
COLUMNS = (*ROLES, *PLACED)
HEADING = f"{'call':<52}{'of':<9}{''.join(f'{role:<10}' for role in COLUMNS)}".rstrip()

BODIES: dict[str, Any] = {
    "POST identity-tokens": {"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}}},
    "POST identity-users": {"user": {"name": "new"}},
    "PATCH identity-user": {"user": {"description": "new"}},
    "POST identity-user-password": {
        "user": {"original_password": "wrong", "password": "new horse 1 battery"}
    },
    "POST identity-application-credentials": {"application_credential": {"name": "new"}},
    "PATCH identity-credential": {"credential": {"blob": '{"access": "new", "secret": "new"}'}},
    "POST identity-groups": {"group": {"name": "new"}},
    "PATCH identity-group": {"group": {"description": "new"}},
    "POST identity-projects": {"project": {"name": "new"}},
    "PATCH identity-project": {"project": {"description": "new"}},
    "PUT identity-project-tags": {"tags": ["new"]},
    "POST identity-domains": {"domain": {"name": "new"}},
    "PATCH identity-domain": {"domain": {"description": "new"}},
    "POST identity-roles": {"role": {"name": "new"}},
    "PATCH identity-role": {"role": {"description": "new"}},
    "POST identity-regions": {"region": {"id": "new"}},
    "PUT identity-region": {"region": {}},
    "PATCH identity-region": {"region": {"description": "new"}},
    "POST identity-services": {"service": {"type": "new"}},
    "PATCH identity-service": {"service": {"description": "new"}},
    "PATCH identity-endpoint": {"endpoint": {"url": "http://192.0.2.2"}},
    "POST identity-registered-limits": {
        "registered_limits": [{"resource_name": "cores", "default_limit": 1}]
    },
    "PATCH identity-registered-limit": {"registered_limit": {"default_limit": 1}},
    "POST identity-policies": {"policy": {"type": "text/plain", "blob": "new"}},
    "PATCH identity-policy": {"policy": {"blob": "new"}},
    "POST identity-endpoint-groups": {"endpoint_group": {"name": "new", "filters": {"interface": "public"}}},
    "PATCH identity-endpoint-group": {"endpoint_group": {"description": "new"}},
    "PATCH identity-limit": {"limit": {"resource_limit": 1}},
}


def body_of(call: Call, things: Things) -> Any:
    """What the call sends: enough to succeed."""
    match str(call):
        case "POST identity-endpoints":
            ids = {"service_id": things["services"]}
            return {"endpoint": ids | {"interface": "public", "url": "http://192.0.2.3"}}
        case "POST identity-limits":
            ids = {"project_id": things["projects"]}
            return {"limits": [ids | {"resource_name": "ram", "resource_limit": 1}]}
        case "POST identity-credentials":
            return {"credential": {"user_id": things["users"], "type": "cert", "blob": "new"}}
        case "POST identity-ec2-credentials":
            return {"tenant_id": things["projects"]}
        case "POST identity-ec2-tokens":
            return {"ec2Credentials": ec2_requests.of_ec2(things["access"], SECRET)}
        case "POST identity-s3-tokens":
            return {"credentials": ec2_requests.of_s3(things["access"], SECRET)}
    if call.method in {"POST", "PATCH"}:
        return BODIES[str(call)]
    return BODIES.get(str(call))


def variants(call: Call) -> list[tuple[str, str]]:
    """The kinds of place and of actor that the call's address may name."""
    if "place" in call.arguments:
        return VARIANTS
    return (
        [("projects", actor) for actor in ("users", "groups")] if "actor" in call.arguments else VARIANTS[:1]
    )


ROWS = [(call, place, actor) for call in calls() for place, actor in variants(call)]


def name_of(call: Call, place: str, actor: str) -> str:
    words = [
        str(call),
        place if "place" in call.arguments else "",
        actor if "actor" in call.arguments else "",
    ]
    return " ".join(filter(None, words))


@pytest.fixture(scope="module")
def came_out() -> Iterator[list[str]]:
    """The lines as they come; left for reading if they are others than the table's."""
    lines: list[str] = [HEADING]
    yield lines
    if set(lines) - set(TABLE.read_text().splitlines()):
        CAME_OUT.parent.mkdir(exist_ok=True)
        CAME_OUT.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def cast(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, tuple[Api, Things]]]:
    """{role: (a caller who has it, what is theirs)}."""
    with kept_rows(django_db_blocker):
        catalog.ensure()
        yield {role: caller(role) for role in COLUMNS}


@pytest.fixture(scope="module")
def foreign(cast: object, django_db_blocker: DjangoDbBlocker) -> Things:
    with django_db_blocker.unblock():
        return things_of(*elsewhere(), name="theirs")


@pytest.mark.parametrize(
    ("call", "place", "actor"), examples(ROWS, *ROWS[:: len(TARGETS)], unpack=True), ids=str
)
def test_who_gets_which_status(
    call: Call,
    place: str,
    actor: str,
    cast: dict[str, tuple[Api, Things]],
    foreign: Things,
    came_out: list[str],
) -> None:
    nothing = nobodys(foreign)
    statuses: dict[str, list[int]] = {target: [] for target in TARGETS}
    for role, (api, own) in cast.items():
        things = {"own": own, "foreign": foreign, "unknown": nothing}
        said = {}
        for target in TARGETS:
            status, said[target] = ask(api, call, things[target], place, actor)
            statuses[target].append(status)
        may_see = role in CLOUD or (role == "service" and call.name == "identity-tokens")
        if statuses["foreign"][-1] >= 400 and not may_see:
            # What is another's looks like what nobody has, to the letter.
            assert said["foreign"] == said["unknown"]
    name = name_of(call, place, actor)
    lines = [
        f"{name:<52}{target:<9}{''.join(f'{status:<10}' for status in statuses[target])}".rstrip()
        for target in TARGETS
    ]
    came_out += lines
    assert lines == [line for line in TABLE.read_text().splitlines() if line.startswith(f"{name}  ")]


def test_the_table_has_no_other_lines() -> None:
    names = [name_of(*row) for row in ROWS]
    kept = [re.split(r" {2,}", line)[0] for line in TABLE.read_text().splitlines()[1:]]
    assert kept == [name for name in names for _target in TARGETS]


def ask(api: Api, call: Call, things: Things, place: str, actor: str) -> tuple[int, bytes]:
    """Status and words of the answer, without ids; its traces are removed."""
    with undone():
        before = AuditEvent.objects.count()
        headers = {"X-Subject-Token": things["token"]} if call.name == "identity-tokens" else {}
        answer = api.call(call.method, address(call, things, place, actor), body_of(call, things), **headers)
        if answer.status_code >= 400:
            error = json.loads(answer.content)["error"]
            assert error["code"] == answer.status_code
            assert error["message"]
            assert AuditEvent.objects.count() == before
        return answer.status_code, re.sub(rb"[0-9a-f]{32}|\bother\b|\bsecret\b", b"", answer.content)
