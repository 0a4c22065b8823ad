"""Passes to screens: once, soon, for one person and one instance."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.context import Context, for_user
from accounts.errors import Conflict, Forbidden
from accounts.models import ApplicationCredential, Assignment, AuditEvent, Project, User, UserSession
from accounts.services import application_credentials, retention, sessions, users
from accounts.services.tokens import current_mark
from compute.instances.models import ConsoleToken, Instance
from compute.instances.services import consoles
from compute.instances.states import VmState
from tests.factories import AssignmentFactory, HypervisorFactory, InstanceFactory, RoleFactory

pytestmark = pytest.mark.django_db


def redeem(token: str) -> Instance | None:
    """Redeem it on the host that it is for, or on any if there is no such token."""
    row = ConsoleToken.objects.filter(digest=hashlib.sha256(token.encode()).hexdigest()).first()
    return consoles.redeem(token, row.host_id if row else uuid4())


@pytest.fixture
def instance(alice: User, blue: Project) -> Instance:
    return InstanceFactory(project=blue, user=alice, hypervisor=HypervisorFactory())


def test_a_token_leads_to_its_own_screen_once(as_alice: Context, instance: Instance) -> None:
    token = consoles.issue(as_alice, instance)
    assert redeem(token) == instance
    assert redeem(token) is None


def test_each_token_leads_to_its_own_instance(as_alice: Context, instance: Instance) -> None:
    other = InstanceFactory(project=instance.project, hypervisor=instance.hypervisor)
    first, second = consoles.issue(as_alice, instance), consoles.issue(as_alice, other)
    assert redeem(second) == other
    assert redeem(first) == instance


def test_only_the_hash_is_kept_and_no_log_has_the_token(
    as_alice: Context, instance: Instance, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = consoles.issue(as_alice, instance)
    redeem(token)
    row = ConsoleToken.objects.get()
    assert len(token) >= 43, "256 bits"
    assert token not in str(row.__dict__)
    assert token not in caplog.text + "".join(capfd.readouterr())
    assert token not in str(AuditEvent.objects.values_list())
    assert AuditEvent.objects.filter(action="instance.console", target_id=str(instance.pk)).count() == 1


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "\u0000", "é" * 5000])
def test_a_forged_token_leads_nowhere(as_alice: Context, instance: Instance, token: str) -> None:
    consoles.issue(as_alice, instance)
    assert redeem(token) is None


def test_a_token_waits_at_most_a_minute(as_alice: Context, instance: Instance) -> None:
    token = consoles.issue(as_alice, instance)
    row = ConsoleToken.objects.get()
    assert row.expires_at - timezone.now() <= timedelta(seconds=60)
    ConsoleToken.objects.update(expires_at=timezone.now() - timedelta(milliseconds=1))
    assert redeem(token) is None


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_gets_in(as_alice: Context, instance: Instance) -> None:
    token = consoles.issue(as_alice, instance)

    def one(_number: int) -> Instance | None:
        try:
            return redeem(token)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(one, range(20)))
    assert [answer for answer in answers if answer] == [instance]


def _disable(instance: Instance, user: User) -> None:
    User.objects.filter(pk=user.pk).update(enabled=False)


def _take_role(instance: Instance, user: User) -> None:
    Assignment.objects.filter(user=user).delete()


def _demote(instance: Instance, user: User) -> None:
    Assignment.objects.filter(user=user).update(role=RoleFactory(name="reader"))


def _disable_project(instance: Instance, user: User) -> None:
    Project.objects.update(enabled=False)


def _stop(instance: Instance, user: User) -> None:
    Instance.objects.update(vm_state=VmState.STOPPED)


def _bin(instance: Instance, user: User) -> None:
    Instance.objects.update(vm_state=VmState.SOFT_DELETED)


def _move(instance: Instance, user: User) -> None:
    Instance.objects.update(hypervisor=HypervisorFactory())


def _purge(instance: Instance, user: User) -> None:
    instance.delete()


def _change_password(instance: Instance, user: User) -> None:
    users.set_own_password(user, "another horse 2 battery")


def _sign_out_everywhere(instance: Instance, user: User) -> None:
    sessions.end_everywhere(for_user(user, None), user.id)


WITHDRAWALS = [
    _disable,
    _take_role,
    _demote,
    _disable_project,
    _stop,
    _bin,
    _move,
    _purge,
    _change_password,
    _sign_out_everywhere,
]


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_what_is_taken_away_before_connecting_counts(as_alice: Context, instance: Instance, withdraw) -> None:
    token = consoles.issue(as_alice, instance)
    withdraw(instance, as_alice.user)
    assert redeem(token) is None


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_what_is_taken_away_while_connected_ends_it(as_alice: Context, instance: Instance, withdraw) -> None:
    token = consoles.issue(as_alice, instance)
    assert redeem(token)
    assert consoles.keep({token, "unknown"}, thoroughly=True) == {token}
    mark = current_mark()
    withdraw(instance, as_alice.user)
    assert consoles.keep({token}, thoroughly=True) == frozenset()
    # What is asked every two seconds tells it, or that there is more to ask.
    assert not consoles.keep({token}, thoroughly=False) or current_mark() != mark


@pytest.mark.parametrize("how", ["signs out", "ended elsewhere", "expires", "changes the password elsewhere"])
def test_the_end_of_a_session_ends_what_was_opened_in_it(
    as_alice: Context, instance: Instance, client: Client, how: str
) -> None:
    """And nothing that was opened in another."""
    kept, lost = Client(), client
    tokens = []
    for browser in (kept, lost):
        browser.force_login(as_alice.user)
        tokens.append(consoles.issue(as_alice, instance, session_key=str(browser.session.session_key)))
    assert all(redeem(token) for token in tokens)
    match how:
        case "signs out":
            lost.logout()
        case "ended elsewhere":
            row = UserSession.objects.get(session=lost.session.session_key)
            sessions.end(as_alice, as_alice.user.id, row.id)
        case "expires":
            Session.objects.filter(pk=lost.session.session_key).update(expire_date=timezone.now())
        case _:
            users.set_own_password(
                as_alice.user, "another horse 2 battery", keep_session=str(kept.session.session_key)
            )
    assert consoles.keep(set(tokens), thoroughly=False) == {tokens[0]}


@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_the_end_of_a_credential_ends_what_was_opened_by_it(
    as_alice: Context, instance: Instance, how: str
) -> None:
    credential = ApplicationCredential.objects.create(
        name="robot", user=as_alice.user, project=instance.project, secret_hash="x"
    )
    by_password = consoles.issue(as_alice, instance)
    by_credential = consoles.issue(replace(as_alice, credential=credential), instance)
    tokens = {by_password, by_credential}
    assert all(redeem(token) for token in tokens)
    assert consoles.keep(tokens, thoroughly=True) == tokens
    if how == "deleted":
        application_credentials.delete(as_alice, as_alice.user.id, credential.id)
    else:
        ApplicationCredential.objects.update(expires_at=timezone.now())
    assert consoles.keep(tokens, thoroughly=False) == {by_password}


def test_whoever_is_connected_stays_for_a_constant_number_of_queries(
    as_alice: Context, instance: Instance, django_assert_num_queries: Any
) -> None:
    tokens = {consoles.issue(as_alice, instance) for _each in range(5)}
    for token in tokens:
        assert redeem(token)
    with django_assert_num_queries(1):
        assert consoles.keep(tokens, thoroughly=False) == tokens
    ConsoleToken.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
    assert consoles.keep(tokens, thoroughly=True) == tokens
    assert ConsoleToken.objects.filter(expires_at__gt=timezone.now() + timedelta(seconds=30)).count() == 5


def test_an_administrator_of_another_project_may_look(instance: Instance) -> None:
    elsewhere = AssignmentFactory(role__name="admin")
    token = consoles.issue(for_user(elsewhere.user, elsewhere.project_id), instance)
    assert redeem(token)


def test_a_member_of_another_project_may_not(as_bob: Context, instance: Instance) -> None:
    token = consoles.issue(as_bob, instance)
    assert redeem(token) is None


def test_readers_get_no_token(as_ruth: Context, instance: Instance) -> None:
    with pytest.raises(Forbidden):
        consoles.issue(as_ruth, instance)


def test_an_instance_that_is_off_has_no_screen(as_alice: Context, instance: Instance) -> None:
    instance.vm_state = VmState.STOPPED
    with pytest.raises(Conflict, match="is off"):
        consoles.issue(as_alice, instance)


def test_others_see_who_sits_there(as_alice: Context, instance: Instance, max_: User) -> None:
    token = consoles.issue(as_alice, instance)
    assert consoles.viewers(instance, exclude=max_) == [], "not connected yet"
    redeem(token)
    assert [visitor.name for visitor in consoles.viewers(instance, exclude=max_)] == ["alice"]
    assert consoles.viewers(instance, exclude=as_alice.user) == []
    consoles.revoke(token)
    assert consoles.viewers(instance, exclude=max_) == []


def test_another_host_neither_takes_a_token_nor_uses_it_up(as_alice: Context, instance: Instance) -> None:
    token = consoles.issue(as_alice, instance)
    assert consoles.redeem(token, HypervisorFactory().pk) is None
    assert consoles.redeem(token, None) is None
    assert redeem(token) == instance


def test_what_has_no_host_has_no_screen(as_alice: Context, blue: Project) -> None:
    with pytest.raises(Conflict, match="is off"):
        consoles.issue(as_alice, InstanceFactory(project=blue))


def test_old_rows_go(as_alice: Context, instance: Instance) -> None:
    consoles.issue(as_alice, instance)
    ConsoleToken.objects.update(expires_at=timezone.now() - timedelta(minutes=5))
    consoles.issue(as_alice, instance)
    assert retention.Sweeper().sweep() == {"console_tokens": 1}
    assert ConsoleToken.objects.count() == 1
