"""Pages of errors: in the frame for whoever is signed in, so that the way on is there."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import Project, User
from portal.pages import errors
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db
NAVIGATION = 'id="rail"'


@pytest.mark.parametrize("path", ["/nothing/", "/instances/00000000-0000-4000-8000-000000000000/"])
def test_what_is_not_there_keeps_the_frame(alice: User, path: str) -> None:
    answer = signed_in(alice).get(path)
    text = answer.content.decode()
    assert answer.status_code == 404
    assert NAVIGATION in text
    assert "To the overview" in text
    assert answer["Cache-Control"] == "no-store"


def test_what_is_foreign_looks_like_what_is_not_there(alice: User, red: Project) -> None:
    foreign = factories.InstanceFactory(project=red)
    pages = [
        signed_in(alice).get(f"/instances/{key}/").content.decode().partition('class="card problem')[2]
        for key in (foreign.pk, "00000000-0000-4000-8000-000000000000")
    ]
    assert pages[0].partition("</div>")[0] == pages[1].partition("</div>")[0]


def test_what_the_role_forbids_keeps_the_frame(alice: User) -> None:
    answer = signed_in(alice).get("/users/")
    assert (answer.status_code, NAVIGATION in answer.content.decode()) == (403, True)


def test_strangers_get_no_frame(db: None) -> None:
    answer = Client().get("/nothing/")
    assert NAVIGATION not in answer.content.decode()


def test_a_frame_that_cannot_be_read_is_left_out(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: Any, **_more: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(errors, "page", away)
    answer = signed_in(alice).get("/nothing/")
    assert (answer.status_code, NAVIGATION in answer.content.decode()) == (404, False)
