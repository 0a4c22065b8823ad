"""What each query function gives to whom, as a table: its name says the scope, and the scope is what it says."""

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.conf import settings

from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import (
    AccessRule,
    ApplicationCredential,
    Assignment,
    Passkey,
    Policy,
    Project,
    Quota,
    StoredCredential,
)
from accounts.services import (
    access_rules,
    application_credentials,
    assignments,
    domains,
    ec2_credentials,
    groups,
    limits,
    passkeys,
    policies,
    projects,
    roles,
    sessions,
    stored_credentials,
    users,
)
from tests import factories

ASKERS = ("nobody", "ruth", "alice", "max", "bob", "root")
EVERYBODY = "alice bob max nobody root ruth"
NO = "forbidden"

SCOPED = re.compile(r"visible_to$|_for_admin$|_within$|\.unscoped_")

Function = Callable[[Context], Iterable[Any]]

TABLE: list[tuple[Function, dict[str, str]]] = [
    (users.visible_to, {name: name for name in ASKERS} | {"root": EVERYBODY}),
    (users.all_for_admin, dict.fromkeys(ASKERS, NO) | {"root": EVERYBODY}),
    (groups.visible_to, dict.fromkeys(ASKERS, "") | {"alice": "blues", "root": "blues reds"}),
    (groups.all_for_admin, dict.fromkeys(ASKERS, NO) | {"root": "blues reds"}),
    (
        projects.visible_to,
        dict.fromkeys(ASKERS, "blue") | {"nobody": "", "bob": "red", "root": "blue far red"},
    ),
    (projects.all_for_admin, dict.fromkeys(ASKERS, NO) | {"root": "blue far red"}),
    (domains.visible_to, dict.fromkeys(ASKERS, "Default") | {"root": "Default Elsewhere"}),
    (domains.all_for_admin, dict.fromkeys(ASKERS, NO) | {"root": "Default Elsewhere"}),
    (roles.visible_to, dict.fromkeys(ASKERS, "admin manager member reader service") | {"nobody": NO}),
    (assignments.all_for_admin, dict.fromkeys(ASKERS, NO) | {"root": "alice bob max root root ruth"}),
    (limits.visible_to, dict.fromkeys(ASKERS, "blue") | {"nobody": NO, "bob": "red", "root": "blue red"}),
    (policies.all_for_admin, dict.fromkeys(ASKERS, NO) | {"root": "rules"}),
    (stored_credentials.visible_to, dict.fromkeys(ASKERS, "") | {"alice": "blue", "root": "blue"}),
    (passkeys.visible_to, dict.fromkeys(ASKERS, "") | {"alice": "phone"}),
]


@pytest.fixture
def askers(
    as_ruth: Context, as_alice: Context, as_max: Context, as_bob: Context, as_root: Context
) -> dict[str, Context]:
    nobody = Context(user=factories.UserFactory(name="nobody"), project=None)
    return {one.user.name: one for one in (nobody, as_ruth, as_alice, as_max, as_bob, as_root)}


@pytest.fixture
def rows(askers: dict[str, Context]) -> None:
    """Something of each kind, some of it in another domain."""
    alice, blue, red = askers["alice"].user, askers["alice"].project, askers["bob"].project
    factories.GroupFactory(name="blues").members.add(alice)
    factories.GroupFactory(name="reds")
    factories.ProjectFactory(name="far", domain=factories.DomainFactory(id="far", name="Elsewhere"))
    Policy.objects.create(type="rules", blob="{}")
    for project in (blue, red):
        Quota.objects.create(project=project, resource="cores", limit=5)
    Passkey.objects.create(
        user=alice,
        name="phone",
        credential_id="x",
        public_key=b"",
        sign_count=0,
        used_at="2026-01-01T00:00Z",
    )
    ApplicationCredential.objects.create(user=alice, project=blue, name="robot", secret_hash="x")
    StoredCredential.objects.create(user=alice, project=blue, type="ec2", access="x")
    AccessRule.objects.create(user=alice, service="compute", method="GET", path="/")


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize(("function", "expected"), TABLE, ids=lambda value: getattr(value, "__module__", ""))
def test_who_gets_what(
    function: Function, expected: dict[str, str], asker: str, askers: dict[str, Context], rows: None
) -> None:
    context = askers[asker]
    if expected[asker] == NO:
        with pytest.raises(Forbidden):
            function(context)
    else:
        assert sorted(_name(row) for row in function(context)) == expected[asker].split()


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize(
    ("module", "count"),
    [(application_credentials, 1), (access_rules, 1), (ec2_credentials, 1), (sessions, 0)],
    ids=str,
)
def test_what_is_a_users_own(
    module: Any, count: int, asker: str, askers: dict[str, Context], rows: None
) -> None:
    """Their own user and an administrator read it; to others it is forbidden, not empty."""
    alice = askers["alice"].user
    if asker in {"alice", "root"}:
        assert len(module.visible_to(askers[asker], alice.id)) == count
    else:
        with pytest.raises(Forbidden):
            module.visible_to(askers[asker], alice.id)


def test_no_query_function_hides_its_scope() -> None:
    """`listed` beside `visible` says nothing of who gets what; a new one is to say its scope, and stand in the table."""
    functions = {
        (file.stem, node.name)
        for file in (settings.BASE_DIR / "accounts/services").glob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert not {pair for pair in functions if pair[1] in {"visible", "listed", "shown", "get", "own", "all"}}
    querying = {
        f"{file.stem}.{node.name}"
        for file in (settings.BASE_DIR / "accounts/services").glob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and ast.unparse(node.returns or ast.Constant(None)).strip("'").startswith("QuerySet")
    }
    assert {name for name in querying if not SCOPED.search(name)} == set()
    scoped = {pair for pair in functions if pair[1] in {"visible_to", "all_for_admin"}}
    tested = {(function.__module__.rpartition(".")[2], function.__name__) for function, _expected in TABLE}
    own = {
        (name, "visible_to")
        for name in ("application_credentials", "access_rules", "ec2_credentials", "sessions")
    }
    assert scoped == tested | own


def _name(row: Any) -> str:
    """The name of what the row is, or is about."""
    if isinstance(row, Assignment):
        return row.user.name if row.user else ""
    if hasattr(row, "project_id"):
        return Project.objects.get(pk=row.project_id).name
    return str(row.type if isinstance(row, Policy) else row.name)
