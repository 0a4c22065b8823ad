"""Policies, which Keystone keeps for other services."""

import pytest

from tests.accounts.api.identity_calls import Api, read

pytestmark = pytest.mark.django_db


def test_a_policy_is_kept_as_it_came(admin: Api) -> None:
    given = {"type": "application/json", "blob": '{"foobar_user": ["role:compute-user"]}'}
    answer = admin.post("policies", policy=given)
    made = read(answer)["policy"]
    assert answer.status_code == 201
    assert {name: made[name] for name in given} == given
    assert made["links"]["self"].endswith(f"/v3/policies/{made['id']}")
    path = f"policies/{made['id']}"
    assert read(admin.get(path))["policy"] == made
    changed = read(admin.patch(path, policy={"blob": "{}"}))["policy"]
    assert changed == made | {"blob": "{}"}
    assert read(admin.get("policies?type=application/json"))["policies"] == [changed]
    assert read(admin.get("policies?type=text/plain"))["policies"] == []
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("wrong", [{"type": None}, {"blob": None}, {"blob": {}}, {"type": ""}], ids=repr)
def test_a_policy_is_text(admin: Api, wrong: dict[str, object]) -> None:
    answer = admin.post("policies", policy={"type": "text/plain", "blob": "x"} | wrong)
    assert answer.status_code == 400
    assert next(iter(wrong)).encode() in answer.content
