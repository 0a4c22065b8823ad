"""Asking for a larger quota and deciding on it: who may, what may be asked, and who wins at the same instant."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden, MeridianError, NotFound
from accounts.models import AuditEvent, Project, Quota, QuotaRequest
from accounts.services import announcements, quota_requests, quotas
from tests import factories
from tests.hostile import BAD_NAMES, NO_NUMBERS, STRANGE_BUT_TRUE_NAMES

TOO_SMALL_OR_LARGE = {"-1": -1, "-1 as text": "-1", "0": 0, "less": 5, "the same": 20, "2^31": 2**31}
NO_BAD_SENTENCES = {"empty", "blank", "none", "256 characters", "256 of two bytes"}
BAD_SENTENCES = {name: value for name, value in BAD_NAMES.items() if name not in NO_BAD_SENTENCES}
BAD_SENTENCES["501 characters"] = "x" * 501


def limit(project: Project, resource: str = "cores") -> int:
    return quotas.limits([project.id])[project.id][resource]


def asked(context: Context, **limits: int) -> QuotaRequest:
    return quota_requests.create(context, limits or {"cores": 24}, "a bigger web")[0]


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_request_is_approved(as_alice: Context, as_root: Context, blue: Project) -> None:
    request = asked(as_alice)
    assert (request.state, request.limit, request.user) == ("open", 24, as_alice.user)
    (pending,) = quota_requests.pending(as_root)
    assert (pending.request, pending.more, pending.usage.used) == (request, 4, 0)
    quota_requests.approve(as_root, request.id)
    request.refresh_from_db()
    assert (request.state, request.decided_by, limit(blue)) == ("approved", as_root.user, 24)
    assert quota_requests.count(as_root) == 0
    assert actions() == ["quota_request.create", "quota.update", "quota_request.approve"]
    assert set(AuditEvent.objects.values_list("project_id", flat=True)) == {blue.id}


def test_a_request_is_refused_with_a_sentence(as_alice: Context, as_root: Context, blue: Project) -> None:
    request = asked(as_alice)
    with pytest.raises(BadInput) as silent:
        quota_requests.refuse(as_root, request.id, "  ")
    assert set(silent.value.fields) == {"answer"}
    quota_requests.refuse(as_root, request.id, "The host is full.")
    (seen,) = quota_requests.project_requests(as_alice)
    assert (seen.state, seen.answer, limit(blue)) == ("refused", "The host is full.", 20)
    assert actions() == ["quota_request.create", "quota_request.refuse"]
    assert AuditEvent.objects.latest("id").detail == {"limit": 24, "sentence": "The host is full."}


def test_a_new_request_takes_the_place_of_the_open_one(as_alice: Context, as_root: Context) -> None:
    first, second = asked(as_alice), asked(as_alice, cores=30)
    ram = asked(as_alice, ram=60_000)
    assert [one.request for one in quota_requests.pending(as_root)] == [second, ram]
    with pytest.raises(Conflict, match="asked anew"):
        quota_requests.approve(as_root, first.id)
    assert quota_requests.open_limits(second.project) == {"cores": 30, "ram": 60_000}


def test_who_asked_or_a_manager_takes_it_back(
    as_alice: Context, as_max: Context, as_ruth: Context, as_bob: Context, as_root: Context
) -> None:
    own = asked(as_alice)
    for stranger, error in ((as_ruth, Forbidden), (as_bob, MeridianError)):
        assert not quota_requests.may_withdraw(stranger, own)
        with pytest.raises(error):
            quota_requests.withdraw(stranger, own.id)
    assert quota_requests.may_withdraw(as_alice, own)
    assert quota_requests.withdraw(as_alice, own.id).state == "withdrawn"
    assert quota_requests.count(as_root) == 0
    assert quota_requests.project_requests(as_alice) == []
    with pytest.raises(Conflict, match="alice has withdrawn"):
        quota_requests.approve(as_root, own.id)
    with pytest.raises(Conflict):
        quota_requests.withdraw(as_alice, own.id)
    assert quota_requests.withdraw(as_max, asked(as_alice).id).decided_by == as_max.user
    assert actions().count("quota_request.withdraw") == 2


def test_a_member_leaves_anothers_request_alone(as_alice: Context, as_max: Context) -> None:
    other = asked(as_max)
    assert not quota_requests.may_withdraw(as_alice, other)
    with pytest.raises(Forbidden, match="Only who asked"):
        quota_requests.withdraw(as_alice, other.id)


def test_whoever_comes_second_reads_who_was_first(as_alice: Context, as_root: Context) -> None:
    request = asked(as_alice)
    quota_requests.approve(as_root, request.id)
    for late in (lambda: quota_requests.approve(as_root, request.id), lambda: _refuse(as_root, request)):
        with pytest.raises(Conflict, match="root has approved this request already"):
            late()
    request = asked(as_alice, cores=40)
    _refuse(as_root, request)
    with pytest.raises(Conflict, match="root has refused this request already"):
        quota_requests.approve(as_root, request.id)


@pytest.mark.parametrize("present", [30, -1])
def test_approving_never_lowers_a_limit(
    as_alice: Context, as_root: Context, blue: Project, present: int
) -> None:
    request = asked(as_alice)
    quotas.update(as_root, blue.id, {"cores": present})
    assert quota_requests.approve(as_root, request.id).state == "approved"
    assert limit(blue) == present


def test_who_may(as_ruth: Context, as_alice: Context, as_max: Context, as_root: Context) -> None:
    with pytest.raises(Forbidden):
        asked(as_ruth)
    request = asked(as_max)
    for deed in (
        lambda: quota_requests.approve(as_alice, request.id),
        lambda: quota_requests.refuse(as_max, request.id, "no"),
        lambda: quota_requests.pending(as_max),
        lambda: quota_requests.decided(as_max),
        lambda: quota_requests.count(as_max),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert quota_requests.project_requests(as_ruth) == [request]


def test_others_do_not_see_it(as_alice: Context, as_bob: Context, as_root: Context) -> None:
    asked(as_alice)
    assert quota_requests.project_requests(as_bob) == []
    for unknown in ("nothing", "\0", "x" * 300):
        with pytest.raises(NotFound):
            quota_requests.approve(as_root, unknown)


@pytest.mark.parametrize(
    "value",
    [*NO_NUMBERS.values(), *TOO_SMALL_OR_LARGE.values()],
    ids=[*NO_NUMBERS, *TOO_SMALL_OR_LARGE],
)
def test_a_wrong_limit_is_named_and_nothing_is_asked(as_alice: Context, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        quota_requests.create(as_alice, {"ram": 60_000, "cores": value})
    assert set(refused.value.fields) == {"cores"}
    assert not QuotaRequest.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("sentence", BAD_SENTENCES.values(), ids=BAD_SENTENCES)
def test_what_no_sentence_should_hold(as_alice: Context, as_root: Context, sentence: object) -> None:
    with pytest.raises(BadInput) as refused:
        quota_requests.create(as_alice, {"cores": 24}, sentence)
    assert set(refused.value.fields) == {"reason"}
    request = asked(as_alice)
    with pytest.raises(BadInput) as refused:
        quota_requests.refuse(as_root, request.id, sentence)
    assert set(refused.value.fields) == {"answer"}


@pytest.mark.parametrize("sentence", STRANGE_BUT_TRUE_NAMES)
def test_markup_is_text(as_alice: Context, sentence: str) -> None:
    assert quota_requests.create(as_alice, {"cores": 24}, sentence)[0].reason == sentence


def test_unknown_unlimited_and_empty(as_alice: Context, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="cores", limit=-1)
    with pytest.raises(BadInput) as refused:
        quota_requests.create(as_alice, {"unicorns": 1, "cores": 24})
    assert set(refused.value.fields) == {"unicorns", "cores"}
    with pytest.raises(BadInput, match="Say of what"):
        quota_requests.create(as_alice, {})


def test_old_decisions_are_forgotten(as_alice: Context, as_root: Context) -> None:
    request = quota_requests.approve(as_root, asked(as_alice).id)
    assert quota_requests.project_requests(as_alice) == [request]
    QuotaRequest.objects.update(decided_at=timezone.now() - timedelta(days=8))
    assert quota_requests.project_requests(as_alice) == []
    assert list(quota_requests.decided(as_root)) == [request]


def test_pages_hear_of_every_change(
    as_alice: Context, as_root: Context, blue: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(announcements, "listeners", [lambda *word: heard.append(word)])
    request = asked(as_alice)
    quota_requests.approve(as_root, request.id)
    every = (blue.id, ["quota", "quota-requests"])
    assert heard == [every, (blue.id, ["quota"]), every]


def test_forty_cost_as_many_queries_as_one(as_root: Context, django_assert_num_queries) -> None:
    def ask(count: int) -> None:
        for project in factories.ProjectFactory.create_batch(count):
            for resource in ("cores", "ram"):
                QuotaRequest.objects.create(project=project, user=as_root.user, resource=resource, limit=9)

    for count in (1, 19):
        ask(count)
        with django_assert_num_queries(2 + len(quotas.counters)):
            names = [(one.request.project.name, one.request.user) for one in quota_requests.pending(as_root)]
        assert len(names) in {2, 40}
        with django_assert_num_queries(1):
            quota_requests.project_requests(as_root)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", ["approve", "refuse"])
def test_of_two_at_once_one_wins(second: str, as_alice: Context, as_root: Context, blue: Project) -> None:
    request = asked(as_alice)
    deeds: list[Callable[[], object]] = [
        lambda: quota_requests.approve(as_root, request.id),
        (lambda: quota_requests.approve(as_root, request.id))
        if second == "approve"
        else (lambda: _refuse(as_root, request)),
    ]
    answers = at_once(deeds * 4)
    won = [answer for answer in answers if isinstance(answer, QuotaRequest)]
    lost = [answer for answer in answers if isinstance(answer, Conflict)]
    assert (len(won), len(lost)) == (1, 7)
    request.refresh_from_db()
    assert {str(answer) for answer in lost} == {f"root has {request.state} this request already."}
    assert limit(blue) == (24 if request.state == "approved" else 20)
    decisions = [
        action for action in actions() if action in {"quota_request.approve", "quota_request.refuse"}
    ]
    assert len(decisions) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_stays_open(as_alice: Context, blue: Project) -> None:
    answers = at_once([lambda limit=limit: asked(as_alice, cores=limit) for limit in range(21, 29)])
    assert all(isinstance(answer, QuotaRequest) for answer in answers)
    assert QuotaRequest.objects.filter(project=blue, state="open").count() == 1
    assert QuotaRequest.objects.filter(project=blue, state="replaced").count() == 7


def _refuse(context: Context, request: QuotaRequest) -> QuotaRequest:
    return quota_requests.refuse(context, request.id, "No.")


def at_once(deeds: list[Callable[[], object]]) -> list[object]:
    """What each came to, begun together in threads with connections of their own."""
    gate = threading.Barrier(len(deeds))
    answers: list[object] = []

    def run(deed: Callable[[], object]) -> None:
        gate.wait(30)
        try:
            answers.append(deed())
        except MeridianError as error:
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
