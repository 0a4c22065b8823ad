"""The second factor: nothing counts unproved, no code counts twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.http import HttpRequest
from django.test import RequestFactory, override_settings

from accounts.context import Context, for_user
from accounts.errors import BadInput, Conflict, Forbidden, LockedOut, NotFound
from accounts.models import AuditEvent, RecoveryCode, SecondFactor, User
from accounts.services import one_time_codes, second_factor
from tests import factories
from tests.codes import SECRET, code, give_second_factor, wrong_code

PASSWORD = "correct horse battery"


@pytest.fixture
def request_() -> HttpRequest:
    return RequestFactory().post("/")


@pytest.fixture
def tess(alice: User) -> User:
    """Somebody who has a second factor."""
    return give_second_factor(alice)


def switch_on(context: Context) -> list[str]:
    offer = second_factor.offer(context.user)
    return second_factor.enable(context, offer, code(offer.secret))


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("at", "digits"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(at: int, digits: str) -> None:
    """Its appendix B, of which apps show the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    now = datetime.fromtimestamp(at, UTC)
    assert one_time_codes.matching_step(secret, digits, now) == at // 30


@pytest.mark.parametrize(("late", "fits"), [(-61, False), (-29, True), (0, True), (29, True), (61, False)])
def test_clocks_may_be_off_by_one_step(late: int, fits: bool) -> None:
    secret, now = one_time_codes.new_secret(), datetime.fromtimestamp(1_800_000_000, UTC)
    digits = one_time_codes.pyotp.TOTP(secret).at(now)
    then = datetime.fromtimestamp(1_800_000_000 + late, UTC)
    assert (one_time_codes.matching_step(secret, digits, then) is not None) is fits


def test_a_code_switches_it_on_and_gives_ten_recovery_codes(as_alice: Context) -> None:
    codes = switch_on(as_alice)
    assert len(set(codes)) == second_factor.RECOVERY_CODES == 10
    assert AuditEvent.objects.filter(action="second_factor.enable", target_id=as_alice.user.id).exists()
    with pytest.raises(Conflict):
        switch_on(as_alice)


def test_what_is_kept_gives_nothing_away(as_alice: Context) -> None:
    offer = second_factor.offer(as_alice.user)
    codes = second_factor.enable(as_alice, offer, code(offer.secret))
    kept = str(SecondFactor.objects.values()) + str(RecoveryCode.objects.values())
    assert offer.secret not in kept
    assert not any(one in kept or one.replace("-", "") in kept for one in codes)


@pytest.mark.parametrize("given", [None, "", "12345", "1234567", "x" * 100, "\0", 123456, "１２３４５６"])
def test_without_a_right_code_it_stays_off(as_alice: Context, given: object) -> None:
    with pytest.raises(BadInput) as refused:
        second_factor.enable(as_alice, second_factor.offer(as_alice.user), given)
    assert "code" in refused.value.fields
    assert SecondFactor.objects.count() == 0


def test_an_offer_is_one_users_only(alice: User, bob: User) -> None:
    ticket = second_factor.offer(alice).ticket
    assert second_factor.resume(alice, ticket).ticket
    for wrong in (ticket + "x", "", "x:y:z"):
        with pytest.raises(BadInput):
            second_factor.resume(alice, wrong)
    with pytest.raises(BadInput):
        second_factor.resume(bob, ticket)


def test_a_code_counts_once_and_never_one_before_it(tess: User, request_: HttpRequest) -> None:
    assert second_factor.accept(request_, tess, code(steps=1))
    assert not second_factor.accept(request_, tess, code(steps=1))
    assert not second_factor.accept(request_, tess, code())


def test_a_code_is_taken_as_apps_show_it(tess: User, request_: HttpRequest) -> None:
    shown = code()
    assert second_factor.accept(request_, tess, f" {shown[:3]} {shown[3:]} ")


def test_the_code_that_switched_it_on_is_used_up(as_alice: Context, request_: HttpRequest) -> None:
    offer = second_factor.offer(as_alice.user)
    shown = code(offer.secret)
    second_factor.enable(as_alice, offer, shown)
    assert not second_factor.accept(request_, fresh(as_alice.user), shown)


def test_recovery_codes_open_once_however_they_are_typed(as_alice: Context, request_: HttpRequest) -> None:
    codes = switch_on(as_alice)
    user = fresh(as_alice.user)
    typed = codes[0].upper().replace("-", " ")
    assert second_factor.accept(request_, user, typed)
    assert not second_factor.accept(request_, user, codes[0])
    assert second_factor.count_recovery_codes(user) == 9
    assert AuditEvent.objects.get(action="second_factor.recovery").detail == {"left": 9}
    assert not second_factor.accept(request_, user, codes[1], recovery=False)


def test_new_recovery_codes_end_the_old_ones(as_alice: Context, request_: HttpRequest) -> None:
    old, new = switch_on(as_alice), second_factor.renew_recovery_codes(as_alice)
    assert not set(old) & set(new)
    user = fresh(as_alice.user)
    assert not second_factor.accept(request_, user, old[0])
    assert second_factor.accept(request_, user, new[0])


def test_another_users_codes_open_nothing(as_alice: Context, bob: User, request_: HttpRequest) -> None:
    codes = switch_on(as_alice)
    assert not second_factor.accept(request_, bob, codes[0])
    assert not second_factor.accept(request_, give_second_factor(bob), codes[0])


def test_wrong_codes_lock_out_like_wrong_passwords(tess: User) -> None:
    with override_settings(SIGN_IN_FAILURES=3):
        for _attempt in range(2):
            assert not second_factor.accept(RequestFactory().post("/"), tess, wrong_code())
        for tried in (wrong_code(), code()):
            with pytest.raises(LockedOut):
                second_factor.accept(RequestFactory().post("/"), tess, tried)


def test_it_is_switched_off_by_its_user_and_by_administrators(
    tess: User, as_alice: Context, as_bob: Context, as_root: Context
) -> None:
    with pytest.raises(Forbidden):
        second_factor.disable(as_bob, tess.id)
    second_factor.disable(as_alice, tess.id)
    assert second_factor.find(fresh(tess)) is None
    give_second_factor(tess)
    second_factor.disable(as_root, tess.id)
    with pytest.raises(NotFound):
        second_factor.disable(as_root, tess.id)
    assert AuditEvent.objects.filter(action="second_factor.disable").count() == 2


def test_the_password_or_a_code_proves_once_more(blue: object, request_: HttpRequest) -> None:
    ann = factories.UserFactory(name="ann", password=make_password(PASSWORD))
    ann = give_second_factor(ann)
    second_factor.prove(request_, ann, PASSWORD)
    second_factor.prove(request_, ann, code())
    with pytest.raises(BadInput):
        second_factor.prove(request_, ann, code())
    with pytest.raises(BadInput):
        second_factor.prove(request_, ann, "wrong")


def test_with_another_secret_key_recovery_codes_still_open(as_alice: Context, request_: HttpRequest) -> None:
    codes = switch_on(as_alice)
    user = fresh(as_alice.user)
    with override_settings(SECRET_KEY="another key than before"):
        assert not second_factor.accept(request_, user, code())
        assert second_factor.accept(request_, user, codes[0])


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_code_one_gets_in(tess: User) -> None:
    shown = code()

    def attempt(_number: int) -> bool:
        try:
            return second_factor.accept(RequestFactory().post("/"), fresh(tess), shown)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_the_address_names_the_installation_and_the_user(alice: User) -> None:
    offer = second_factor.offer(alice)
    assert offer.address.startswith("otpauth://totp/Meridian%20")
    assert f"secret={offer.secret}" in offer.address
    assert ":alice?" in offer.address
    assert "style=" not in offer.qr_code
    assert SECRET not in offer.address


def test_a_context_is_as_before(tess: User) -> None:
    """The second factor changes how one gets in, not what one may do."""
    assert "member" in for_user(tess, None).roles
