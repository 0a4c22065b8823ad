"""The Identity API as strangers, members and administrators meet it."""

import pytest

from accounts.models import Project, User
from accounts.services import catalog
from tests.accounts.api.identity_calls import Api, api_of


@pytest.fixture
def stranger() -> Api:
    return Api()


@pytest.fixture
def admin(root: User, blue: Project) -> Api:
    catalog.ensure()
    return api_of(root, blue)


@pytest.fixture
def member(alice: User, blue: Project) -> Api:
    return api_of(alice, blue)
