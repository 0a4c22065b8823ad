"""How many credentials a user keeps, also when many are made at once."""

import threading

import pytest
from django.db import connection

from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import StoredCredential
from accounts.services import stored_credentials

MOST, AT_ONCE = 3, 8


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_more_than_one_may_have(
    as_alice: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_credentials, "MOST", MOST)
    together, outcomes = threading.Barrier(AT_ONCE, timeout=30), []

    def create() -> None:
        together.wait()
        try:
            stored_credentials.create(as_alice, {"type": "cert", "blob": "x"})
            outcomes.append("made")
        except Forbidden:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["made"] * MOST + ["refused"] * (AT_ONCE - MOST)
    assert StoredCredential.objects.count() == MOST
