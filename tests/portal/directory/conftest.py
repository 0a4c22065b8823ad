"""The administrator's pages of people and projects, as a browser without scripts meets them."""

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def browser(root: User) -> Client:
    """The administrator's."""
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    return client
