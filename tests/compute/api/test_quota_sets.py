"""Quota sets by the Compute API: all of Nova's names, and the limits of single users within a project's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from accounts.context import Context
from accounts.errors import OverQuota
from accounts.models import AuditEvent, Project, Quota, User, UserQuota
from compute.instances.actions.launch import launch
from compute.instances.models import Instance
from compute.instances.services.launch_request import LaunchRequest
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"
EVERYWHERE = {
    "instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members",
}  # fmt: skip
NETWORK = {"fixed_ips", "floating_ips", "security_groups", "security_group_rules"}
FILES = {"injected_files", "injected_file_content_bytes", "injected_file_path_bytes"}
Wish = dict[str, Any]


def put(admin: Compute, project: Project, wish: Wish, status: int = 200, user: User | None = None) -> Any:
    query = f"?user_id={user.id}" if user else ""
    return admin.put(f"os-quota-sets/{project.id}{query}", {"quota_set": wish}, status)


def limits(asked: Compute, project: Project, user: User | None = None) -> dict[str, Any]:
    query = f"?user_id={user.id}" if user else ""
    return dict(asked.get(f"os-quota-sets/{project.id}{query}")["quota_set"])


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("2.1", EVERYWHERE | NETWORK | FILES),
        ("2.35", EVERYWHERE | NETWORK | FILES),
        ("2.36", EVERYWHERE | FILES),
        ("2.56", EVERYWHERE | FILES),
        ("2.57", EVERYWHERE),
    ],
)
def test_which_names_there_are(admin: Compute, blue: Project, version: str, names: set[str]) -> None:
    asked = admin.at(version)
    assert limits(asked, blue).keys() == names | {"id"}
    assert asked.get(f"os-quota-sets/{blue.id}/defaults")["quota_set"].keys() == names | {"id"}
    assert asked.get(f"os-quota-sets/{blue.id}/detail")["quota_set"].keys() == names | {"id"}
    wish = dict.fromkeys(names, 30)
    assert put(asked, blue, wish)["quota_set"] == wish
    assert limits(asked, blue) == wish | {"id": blue.id}
    for gone in (NETWORK | FILES) - names:
        put(asked, blue, {gone: 1}, 400)


@pytest.mark.parametrize("value", [-2, 2**31, "x", 1.5, True, [], {}, "-2"])
def test_wrong_limits(admin: Compute, blue: Project, alice: User, value: object) -> None:
    for name in ("cores", "server_groups", "key_pairs"):
        assert name in put(admin, blue, {name: value}, 400)["badRequest"]["message"]
        put(admin, blue, {name: value}, 400, alice)
    assert not Quota.objects.exists()
    assert not UserQuota.objects.exists()


def test_deleting_forgets_everybodys(admin: Compute, blue: Project, alice: User) -> None:
    Quota.objects.create(project=blue, resource="gigabytes", limit=7)
    put(admin, blue, {"cores": 9, "server_groups": 3})
    put(admin, blue, {"cores": 4}, user=alice)
    admin.delete(f"os-quota-sets/{blue.id}", 202)
    assert limits(admin, blue, alice)["cores"] == 20
    assert list(Quota.objects.values_list("resource", flat=True)) == ["gigabytes"], "disks are another API's"


# ── Single users ─────────────────────────────────────────────────────────────────────────────────
def test_a_users_limits_stand_within_the_projects(
    admin: Compute, member: Compute, blue: Project, alice: User, ruth: User
) -> None:
    assert limits(member, blue, alice) == limits(member, blue)
    assert put(admin, blue, {"cores": "12"}, user=alice)["quota_set"]["cores"] == 12
    assert limits(member, blue, alice)["cores"] == 12
    assert limits(member, blue, ruth)["cores"] == limits(member, blue)["cores"] == 20
    said = put(admin, blue, {"cores": 9}, 400, ruth)["badRequest"]["message"]
    assert "Quota limit 9 for cores must be less than or equal to 8." in said
    put(admin, blue, {"cores": -1}, 400, ruth)
    put(admin, blue, {"cores": 8}, user=ruth)
    put(admin, blue, {"cores": 13}, 400, alice)
    put(admin, blue, {"cores": 12}, user=alice)
    said = put(admin, blue, {"cores": 19}, 400)["badRequest"]["message"]
    assert "must be greater than or equal to already used and reserved 20." in said
    put(admin, blue, {"cores": 30, "force": True}, user=ruth)
    admin.delete(f"os-quota-sets/{blue.id}?user_id={alice.id}", 202)
    assert limits(member, blue, alice)["cores"] == 20
    assert limits(member, blue, ruth)["cores"] == 30
    put(admin, blue, {"ram": -1})
    put(admin, blue, {"ram": -1}, user=alice)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"quota.update_user", "quota.reset_user"} <= actions


def test_not_below_what_they_use(admin: Compute, blue: Project, alice: User, ruth: User) -> None:
    factories.InstanceFactory(project=blue, user=alice, vcpus=3)
    said = put(admin, blue, {"cores": 2}, 400, alice)["badRequest"]["message"]
    assert "Quota limit 2 for cores must be greater than or equal to already used and reserved 3." in said
    put(admin, blue, {"cores": 0}, user=ruth)
    put(admin, blue, {"cores": 2, "force": "True"}, user=alice)
    detail = admin.get(f"os-quota-sets/{blue.id}/detail?user_id={alice.id}")["quota_set"]
    assert detail["cores"] == {"limit": 2, "in_use": 3, "reserved": 0}
    theirs = admin.get(f"os-quota-sets/{blue.id}/detail?user_id={ruth.id}")["quota_set"]
    assert theirs["cores"] == {"limit": 0, "in_use": 0, "reserved": 0}


def test_who_may_ask_and_set(
    admin: Compute, member: Compute, blue: Project, red: Project, alice: User, bob: User
) -> None:
    put(member, blue, {"cores": 1}, 403, alice)
    member.delete(f"os-quota-sets/{blue.id}?user_id={alice.id}", 403)
    member.get(f"os-quota-sets/{red.id}?user_id={bob.id}", 403)
    assert (
        "user"
        in admin.put(f"os-quota-sets/{blue.id}?user_id=nobody", {"quota_set": {"cores": 1}}, 400)[
            "badRequest"
        ]["message"]
    )
    assert admin.get(f"os-quota-sets/{blue.id}?user_id=nobody")["quota_set"]["cores"] == 20


def test_launches_heed_them(admin: Compute, member: Compute, blue: Project, alice: User, wish: Wish) -> None:
    put(admin, blue, {"instances": 1}, user=alice)
    factories.InstanceFactory(project=blue)
    member.post("servers", {"server": wish}, 202)
    said = member.post("servers", {"server": wish}, 403)["forbidden"]["message"]
    assert said == (
        "alice may not take that much of the project. Not enough quota for Instances: 1 requested, 0 of 1 available."
    )
    assert Instance.objects.count() == 2


def test_groups_keys_and_metadata_heed_them(
    admin: Compute, member: Compute, blue: Project, alice: User, wish: Wish
) -> None:
    put(admin, blue, {"server_groups": 1, "key_pairs": 1, "metadata_items": 1}, user=alice)
    group = {"server_group": {"name": "g", "policies": ["affinity"]}}
    member.post("os-server-groups", group)
    member.post("os-server-groups", group, 403)
    member.post("os-keypairs", {"keypair": {"name": "a", "public_key": KEY}})
    said = member.post("os-keypairs", {"keypair": {"name": "b", "public_key": KEY}}, 403)
    assert said["forbidden"]["message"] == "Quota exceeded, too many key pairs."
    two = {"metadata": {"a": "1", "b": "2"}}
    said = member.post("servers", {"server": wish | two}, 403)
    assert said["forbidden"]["message"] == "Quota exceeded, too many metadata items."
    made = member.post("servers", {"server": wish | {"metadata": {"a": "1"}}}, 202)["server"]
    member.post(f"servers/{made['id']}/metadata", {"metadata": {"b": "2"}}, 403)
    member.post(f"servers/{made['id']}/metadata", {"metadata": {"a": "2"}})
    assert Instance.objects.get(pk=made["id"]).metadata == {"a": "2"}


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_the_last_unit_goes_to_one_of_ten(
    as_alice: Context, blue: Project, alice: User, wish: Wish, image: Any
) -> None:
    UserQuota.objects.create(project=blue, user=alice, resource="instances", limit=1)

    def ask(number: int) -> bool:
        request = LaunchRequest(name=f"n{number}", flavor_id=wish["flavorRef"], image_id=wish["imageRef"])
        try:
            launch(as_alice, request)
        except OverQuota:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(ask, range(10))) == 1
    assert Instance.objects.count() == 1


def test_reading_a_users_limits_costs_as_much_for_many(
    blue: Project, alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    from accounts.services import quotas

    for name in ("cores", "ram", "instances"):
        UserQuota.objects.create(project=blue, user=alice, resource=name, limit=5)
    with django_assert_num_queries(2):
        assert quotas.user_limits(blue.id, alice.id)["ram"] == 5
