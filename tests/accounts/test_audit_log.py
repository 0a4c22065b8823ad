"""Reading the audit log: who sees what, what each filter finds, and paging that misses and repeats nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import AuditEvent, Project, QuotaRequest, User
from accounts.services import audit, audit_log, quotas
from accounts.services.audit_log import Filters, Key
from compute.instances.models import ServerGroup
from tests import factories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def events(count: int, **fields: object) -> None:
    """So many at once; every second one at the same instant as the one before."""
    base = {"action": "instance.start", "outcome": "succeeded", "user_name": "alice"} | fields
    made = AuditEvent.objects.bulk_create([AuditEvent(**base) for _number in range(count)])
    for number, event in enumerate(made):
        AuditEvent.objects.filter(pk=event.pk).update(at=NOON + timedelta(seconds=number // 2))


def found(context: Context, **filters: object) -> list[str]:
    return [event.target_name for event in audit_log.read(context, Filters(**filters)).rows]


def test_managers_see_their_project_and_administrators_everything(
    as_max: Context, as_bob: Context, as_root: Context, blue: Project, red: Project
) -> None:
    events(1, project_id=blue.id, target_name="blue's")
    events(1, project_id=red.id, target_name="red's")
    events(1, target_name="nobody's")
    assert found(as_max) == ["blue's"]
    assert set(found(as_root)) == {"blue's", "red's", "nobody's"}
    assert found(as_max, project="red") == found(as_max, project=red.id) == []
    with pytest.raises(Forbidden):
        audit_log.read(as_bob, Filters())


def test_a_manager_of_no_project_sees_nothing(as_max: Context) -> None:
    events(1)
    nowhere = Context(user=as_max.user, project=None, roles=as_max.roles)
    assert audit_log.read(nowhere, Filters()).rows == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"who": "ALI"}, "web"),
        ({"who": "user-of-db"}, "db"),
        ({"action": "delete"}, "db"),
        ({"action": "instance."}, "db web"),
        ({"target": "we"}, "web"),
        ({"target": "id-of-db"}, "db"),
        ({"project": "blu"}, "web"),
        ({"address": "192.0."}, "web"),
        ({"address": "2001:db8"}, "db"),
        ({"outcome": "failed"}, "db"),
        ({"outcome": "unheard-of"}, "db web"),
        ({"since": NOON}, "db"),
        ({"until": NOON}, "web"),
        ({"who": "alice", "outcome": "failed"}, ""),
        ({"who": "%"}, ""),
        ({"who": "\0"}, ""),
        ({"target": "\ud800"}, ""),
        ({"target": "x" * 10_000}, ""),
        ({"action": "' OR 1=1 --"}, ""),
    ],
)
def test_filters(as_root: Context, blue: Project, filters: dict[str, object], names: str) -> None:
    web = AuditEvent.objects.create(
        user_name="alice",
        project_id=blue.id,
        action="instance.start",
        target_name="web",
        outcome="succeeded",
        address="192.0.2.7",
    )
    db = AuditEvent.objects.create(
        user_name="bob",
        user_id="user-of-db",
        action="instance.delete",
        target_name="db",
        target_id="id-of-db",
        outcome="failed",
        address="2001:db8::1",
    )
    AuditEvent.objects.filter(pk=web.pk).update(at=NOON - timedelta(days=1))
    AuditEvent.objects.filter(pk=db.pk).update(at=NOON)
    assert found(as_root, **filters) == names.split()


def test_paging_misses_and_repeats_nothing_while_the_log_grows(as_root: Context) -> None:
    events(25)
    present = list(AuditEvent.objects.order_by("-at", "-id").values_list("id", flat=True))
    seen: list[int] = []
    key: Key | None = None
    while True:
        part = audit_log.read(as_root, Filters(), before=key, size=4)
        seen += [event.id for event in part.rows]
        audit.record(as_root, "user.create", as_root.user)
        if (key := part.older) is None:
            break
    assert seen == present


def test_ten_thousand_rows_cost_what_ten_do(
    as_root: Context, blue: Project, django_assert_num_queries
) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(action="instance.start", outcome="succeeded", project_id=blue.id) for _row in range(10_000)
    )
    middle = AuditEvent.objects.order_by("-at", "-id")[5_000]
    for after in (None, Key(at=middle.at, id=middle.id)):
        with django_assert_num_queries(2):
            part = audit_log.read(as_root, Filters(action="start", project="blue"), before=after)
            assert {line.project for line in audit_log.lines(part.rows)} == {"blue"}
        assert len(part.rows) == 50
    with django_assert_num_queries(20):
        assert sum(len(chunk) for chunk in audit_log.chunks(as_root, Filters())) == 10_000


def test_limits_are_written_under_their_own_project(as_root: Context, red: Project) -> None:
    quotas.update(as_root, red.id, {"cores": 5})
    (event,) = audit_log.read(as_root, Filters(project="red")).rows
    assert (event.action, event.target_name, event.project_id) == ("quota.update", "red", red.id)


def test_the_row_says_what_was_done_to(as_alice: Context, blue: Project, red: Project, alice: User) -> None:
    """Type, id, name and project of the target come from its model; nobody spells them out."""
    group = factories.GroupFactory()
    asked = QuotaRequest.objects.create(project=red, resource="cores", limit=5)
    network = factories.NetworkFactory(project=red)
    targets = [
        (group, ("group", group.id, group.name, blue.id)),
        (red, ("project", red.id, "red", red.id)),
        (asked, ("quota_request", asked.id, "cores", red.id)),
        (network, ("network", str(network.pk), network.name, red.id)),
        (audit.Target(type="token", id="abc"), ("token", "abc", "", blue.id)),
    ]
    for target, expected in targets:
        event = audit.record(as_alice, "toy.wind", target, reason="why")
        assert (event.target_type, event.target_id, event.target_name, event.project_id) == expected
        assert (event.user_name, event.detail) == (alice.name, {"reason": "why"})
    assert audit.record(as_alice, "toy.wind", red, project_id="").project_id == ""
    assert audit.record(None, "toy.wind", group).project_id == ""
    key = ServerGroup(pk=uuid4(), name="web", project=red)
    assert audit.record(None, "toy.wind", key).target_type == "server_group"
