"""Browsers of those who look at volumes."""

import pytest
from django.test import Client

from accounts.models import User
from tests.portal.test_routes import signed_in


@pytest.fixture
def browser(alice: User) -> Client:
    """A member's."""
    return signed_in(alice)
