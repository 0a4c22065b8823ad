"""The page of a user's limits within a project."""

import pytest
from django.test import Client

from accounts.models import Project, User, UserQuota
from portal.pages.user_limits import CAPS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", CAPS)
def test_what_stands_in_no_bar_can_be_limited_too(root: User, alice: User, blue: Project, name: str) -> None:
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    path = f"/projects/{blue.pk}/users/{alice.pk}/limits/"
    assert f'name="{name}"' in client.get(path).content.decode()
    client.post(path, {name: "3"})
    assert list(UserQuota.objects.values_list("resource", "limit")) == [(name, 3)]
    client.post(path, {name: ""})
    assert not UserQuota.objects.exists()
