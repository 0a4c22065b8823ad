"""The Compute API beside servers: versions, faults, flavors, keys, limits, quotas, hosts, usage."""

import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from django.utils import timezone

from accounts.models import Project, User
from compute.hosts.models import Hypervisor
from compute.hosts.services import liveness
from compute.instances.models import Flavor, Instance, Keypair
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"


@pytest.mark.parametrize("path", ["/compute", "/compute/", "/compute/v2.1", "/compute/v2.1/", "/compute/v2/"])
def test_versions_need_no_token(path: str) -> None:
    answer = Compute().call("GET", path)
    assert answer.status_code == 200
    body = json.loads(answer.content)
    versions = body.get("versions") or [body["version"]]
    assert [version["id"] for version in versions][-1] in {"v2.1", "v2.0"}
    for version in versions:
        (link,) = version["links"]
        assert Compute().call("GET", link["href"].partition("8000")[2]).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "spoken"),
    [
        ({}, 200, "2.1"),
        ({"OpenStack-API-Version": "compute 2.53"}, 200, "2.53"),
        ({"OpenStack-API-Version": "volume 3.1, compute 2.9"}, 200, "2.9"),
        ({"OpenStack-API-Version": "volume 3.1"}, 200, "2.1"),
        ({"X-OpenStack-Nova-API-Version": "2.10"}, 200, "2.10"),
        ({"OpenStack-API-Version": "compute latest"}, 200, "2.96"),
        ({"OpenStack-API-Version": "compute 2.97"}, 406, "2.1"),
        ({"OpenStack-API-Version": "compute 2.0"}, 406, "2.1"),
        ({"OpenStack-API-Version": "compute 2"}, 400, "2.1"),
        ({"OpenStack-API-Version": "compute x.y"}, 400, "2.1"),
    ],
)
def test_microversions(member: Compute, headers: dict[str, str], status: int, spoken: str) -> None:
    answer = member.call("GET", "flavors", **headers)
    assert answer.status_code == status
    assert answer["OpenStack-API-Version"] == f"compute {spoken}"
    assert answer["X-OpenStack-Nova-API-Version"] == spoken
    assert "OpenStack-API-Version" in answer["Vary"]
    assert answer["x-compute-request-id"] == answer["x-openstack-request-id"]


@pytest.mark.parametrize(
    ("path", "status", "fault"),
    [
        ("nothing", 404, "itemNotFound"),
        ("servers/", 404, "itemNotFound"),
        ("servers/web", 404, "itemNotFound"),
        ("flavors/web", 404, "itemNotFound"),
        ("os-hypervisors", 403, "forbidden"),
        ("servers?limit=x", 400, "badRequest"),
        ("servers?marker=x", 400, "badRequest"),
        (f"{'0' * 32}/servers", 400, "badRequest"),
    ],
)
def test_faults(member: Compute, path: str, status: int, fault: str) -> None:
    body = member.get(path, status)
    assert body[fault]["code"] == status
    assert body[fault]["message"]


def test_without_a_token() -> None:
    answer = Compute().call("GET", "servers")
    assert answer.status_code == 401
    assert "unauthorized" in json.loads(answer.content)


def test_an_address_with_the_project(member: Compute, blue: Project) -> None:
    assert member.get(f"{blue.id}/servers") == {"servers": []}
    assert member.get(f"/compute/v2/{blue.id}/servers") == {"servers": []}


def test_flavors(member: Compute, admin: Compute, red: Project) -> None:
    made = {
        "id": 77,
        "name": "own",
        "vcpus": "1",
        "ram": "64",
        "disk": 0,
        "os-flavor-access:is_public": False,
    }
    flavor = admin.at("2.55").post("flavors", {"flavor": made | {"description": "ours"}})["flavor"]
    assert (flavor["ram"], flavor["vcpus"], flavor["description"]) == (64, 1, "ours")
    assert "description" not in admin.get(f"flavors/{flavor['id']}")["flavor"]
    assert member.get("flavors") == {"flavors": []}
    member.get(f"flavors/{flavor['id']}", 404)
    assert [row["name"] for row in admin.get("flavors/detail?is_public=None")["flavors"]] == ["own"]
    assert admin.get("flavors")["flavors"] == []
    blue = Project.objects.get(name="blue")
    given = admin.post(f"flavors/{flavor['id']}/action", {"addTenantAccess": {"tenant": blue.id}})
    assert given == {"flavor_access": [{"flavor_id": flavor["id"], "tenant_id": blue.id}]}
    admin.post(f"flavors/{flavor['id']}/action", {"addTenantAccess": {"tenant": blue.id}}, 409)
    assert [row["name"] for row in member.get("flavors")["flavors"]] == ["own"]
    admin.post(f"flavors/{flavor['id']}/action", {"removeTenantAccess": {"tenant": blue.id}})
    admin.post(f"flavors/{flavor['id']}/action", {"removeTenantAccess": {"tenant": blue.id}}, 404)
    admin.delete(f"flavors/{flavor['id']}", 202)
    admin.get(f"flavors/{flavor['id']}", 404)


@pytest.mark.parametrize(
    "change",
    [
        {"ram": 0},
        {"vcpus": "x"},
        {"disk": -1},
        {"name": ""},
        {"ram": None},
        {"swap": -5},
        {"rxtx_factor": "x"},
        {"id": "x" * 300},
        {"id": "m1/small"},
        {"id": "detail"},
        {"id": ".."},
    ],
)
def test_wrong_flavors(admin: Compute, change: dict[str, object]) -> None:
    admin.post("flavors", {"flavor": {"name": "a", "vcpus": 1, "ram": 64, "disk": 1} | change}, 400)
    assert not Flavor.objects.exists()


def test_flavors_are_the_administrators(member: Compute, flavor: Flavor) -> None:
    member.post("flavors", {"flavor": {"name": "a", "vcpus": 1, "ram": 64, "disk": 1}}, 403)
    member.delete("flavors/1", 403)
    member.post("flavors/1/os-extra_specs", {"extra_specs": {"a": "b"}}, 403)


def test_extra_specs(admin: Compute, member: Compute, flavor: Flavor) -> None:
    specs = {"hw:cpu_policy": "shared", "n": "1"}
    assert admin.post("flavors/1/os-extra_specs", {"extra_specs": specs}) == {"extra_specs": specs}
    assert admin.put("flavors/1/os-extra_specs/n", {"n": "2"}) == {"n": "2"}
    assert member.get("flavors/1/os-extra_specs/n") == {"n": "2"}
    assert admin.at("2.61").get("flavors/1")["flavor"]["extra_specs"] == specs | {"n": "2"}
    admin.delete("flavors/1/os-extra_specs/n", 200)
    member.get("flavors/1/os-extra_specs/n", 404)
    admin.post("flavors/1/os-extra_specs", {"extra_specs": {"a/b": "1"}}, 400)


def test_lists_of_flavors(member: Compute) -> None:
    for number in range(1, 4):
        factories.FlavorFactory(id=str(number), ram_mib=64 * number)
    first = member.get("flavors?limit=2")
    assert [row["id"] for row in first["flavors"]] == ["1", "2"]
    (link,) = first["flavors_links"]
    assert "marker=2" in link["href"]
    assert [row["id"] for row in member.get("flavors?limit=2&marker=2")["flavors"]] == ["3"]
    assert [row["id"] for row in member.get("flavors?minRam=100")["flavors"]] == ["2", "3"]
    largest = member.get("flavors?sort_key=memory_mb&sort_dir=desc")["flavors"]
    assert largest[0]["id"] == "3"
    member.get("flavors?minRam=x", 400)


def test_keypairs(member: Compute, admin: Compute, alice: User) -> None:
    made = member.post("os-keypairs", {"keypair": {"name": "k"}})["keypair"]
    assert made["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    newer = member.at("2.2")
    kept = newer.post("os-keypairs", {"keypair": {"name": "l", "public_key": KEY, "type": "ssh"}}, 201)
    assert kept["keypair"]["type"] == "ssh"
    assert "private_key" not in kept["keypair"]
    assert [row["keypair"]["name"] for row in member.get("os-keypairs")["keypairs"]] == ["k", "l"]
    assert member.get("os-keypairs/k")["keypair"]["user_id"] == alice.id
    newer.post("os-keypairs", {"keypair": {"name": "x", "public_key": KEY, "type": "x509"}}, 400)
    newer.post("os-keypairs", {"keypair": {"name": "x", "public_key": KEY, "type": "gpg"}}, 400)
    member.post("os-keypairs", {"keypair": {"name": "k", "public_key": KEY}}, 409)
    member.post("os-keypairs", {"keypair": {"name": "m", "public_key": "junk"}}, 400)
    member.post("os-keypairs", {"keypair": {"name": "team/alice", "public_key": KEY}}, 400)
    verbatim = member.post("os-keypairs", {"keypair": {"name": "file", "public_key": f"{KEY}\n"}})
    assert verbatim["keypair"]["public_key"] == f"{KEY}\n"
    member.delete("os-keypairs/file", 202)
    others = admin.at("2.10").get(f"os-keypairs?user_id={alice.id}")["keypairs"]
    assert len(others) == 2
    member.at("2.10").get("os-keypairs?user_id=someone", 403)
    member.delete("os-keypairs/k", 202)
    newer.delete("os-keypairs/l", 204)
    member.delete("os-keypairs/l", 404)
    assert not Keypair.objects.exists()


def test_extensions(member: Compute) -> None:
    rows = {row["alias"]: row for row in member.get("extensions")["extensions"]}
    assert {"os-keypairs", "OS-EXT-STS", "os-server-groups"} <= rows.keys()
    assert member.get("extensions/os-keypairs")["extension"] == rows["os-keypairs"]
    member.get("extensions/os-nonsense", 404)


def test_certificates_are_key_pairs_too(member: Compute) -> None:
    newer = member.at("2.2")
    made = newer.post("os-keypairs", {"keypair": {"name": "made", "type": "x509"}}, 201)["keypair"]
    assert made["type"] == "x509"
    certificate = x509.load_pem_x509_certificate(made["public_key"].encode())
    private = serialization.load_pem_private_key(made["private_key"].encode(), None)
    assert certificate.public_key() == private.public_key()
    assert certificate.fingerprint(hashes.SHA1()).hex(":") == made["fingerprint"]  # noqa: S303 - Nova's
    wish = {"name": "kept", "type": "x509", "public_key": made["public_key"]}
    assert newer.post("os-keypairs", {"keypair": wish}, 201)["keypair"]["fingerprint"] == made["fingerprint"]
    assert newer.get("os-keypairs/kept")["keypair"]["type"] == "x509"
    newer.post("os-keypairs", {"keypair": wish | {"name": "other", "type": "ssh"}}, 400)
    newer.post("os-keypairs", {"keypair": wish | {"name": "other", "public_key": "x" * 20_000}}, 400)


def test_limits_and_quotas(member: Compute, admin: Compute, blue: Project, red: Project) -> None:
    factories.InstanceFactory(project=blue, vcpus=2, ram_mib=256)
    absolute = member.get("limits?reserved=1")["limits"]["absolute"]
    assert (absolute["totalInstancesUsed"], absolute["totalCoresUsed"], absolute["totalRAMUsed"]) == (
        1,
        2,
        256,
    )
    assert {"maxPersonality", "maxSecurityGroups", "maxImageMeta"} <= absolute.keys()
    newest = member.at("2.57").get("limits")["limits"]["absolute"]
    assert not {"maxPersonality", "maxSecurityGroups", "maxImageMeta"} & newest.keys()
    assert member.get(f"os-quota-sets/{blue.id}")["quota_set"]["id"] == blue.id
    member.get(f"os-quota-sets/{red.id}", 403)
    member.put(f"os-quota-sets/{blue.id}", {"quota_set": {"cores": 5}}, 403)
    put = admin.put(f"os-quota-sets/{red.id}", {"quota_set": {"cores": "5", "ram": -1}})["quota_set"]
    assert (put["cores"], put["ram"], "id" in put) == (5, -1, False)
    detail = admin.get(f"os-quota-sets/{blue.id}/detail")["quota_set"]
    assert detail["cores"] == {"limit": 20, "in_use": 2, "reserved": 0}
    admin.put(f"os-quota-sets/{blue.id}", {"quota_set": {"cores": 1}}, 400)
    admin.put(f"os-quota-sets/{blue.id}", {"quota_set": {"cores": 1, "force": True}})
    admin.put(f"os-quota-sets/{blue.id}", {"quota_set": {"nonsense": 1}}, 400)
    admin.put(f"os-quota-sets/{'0' * 32}", {"quota_set": {"cores": 1}}, 400)
    admin.delete(f"os-quota-sets/{blue.id}", 202)
    assert member.get(f"os-quota-sets/{blue.id}")["quota_set"]["cores"] == 20
    admin.put("os-quota-class-sets/default", {"quota_class_set": {"cores": 7}})
    assert admin.get("os-quota-class-sets/default")["quota_class_set"]["cores"] == 7
    admin.put("os-quota-class-sets/students", {"quota_class_set": {"cores": 2}})
    kept = admin.get("os-quota-class-sets/students")["quota_class_set"]
    assert (kept["id"], kept["cores"]) == ("students", 2)
    assert admin.get("os-quota-class-sets/others")["quota_class_set"]["cores"] == 7
    admin.put("os-quota-class-sets/students", {"quota_class_set": {"cores": -2}}, 400)
    member.get("os-quota-class-sets/students", 403)
    member.put("os-quota-class-sets/students", {"quota_class_set": {"cores": 2}}, 403)
    assert member.get(f"os-quota-sets/{blue.id}/defaults")["quota_set"]["cores"] == 7


def test_hosts(member: Compute, admin: Compute, blue: Project) -> None:
    host = factories.HypervisorFactory(name="host-a", qemu_version="7.2.1")
    instance = factories.InstanceFactory(project=blue, hypervisor=host)
    (row,) = admin.get("os-hypervisors/detail")["hypervisors"]
    assert (row["vcpus_used"], row["running_vms"], row["hypervisor_version"]) == (1, 1, 7002001)
    assert isinstance(row["id"], int)
    assert admin.get(f"os-hypervisors/{row['id']}")["hypervisor"]["state"] == "up"
    newer = admin.at("2.53")
    (row,) = newer.get("os-hypervisors?with_servers=true")["hypervisors"]
    assert row["id"] == str(host.pk)
    assert row["servers"] == [{"uuid": str(instance.pk), "name": instance.name}]
    assert newer.get(f"os-hypervisors/{host.pk}")["hypervisor"]["cpu_info"]["arch"] == host.arch
    assert admin.get("os-hypervisors/statistics")["hypervisor_statistics"]["vcpus"] == 4
    assert admin.get("os-hypervisors/host/servers")["hypervisors"][0]["servers"]
    newer.get("os-hypervisors/host/servers", 404)
    (service,) = newer.get("os-services?binary=nova-compute")["services"]
    off = newer.put(f"os-services/{service['id']}", {"status": "disabled", "disabled_reason": "repair"})
    assert (off["service"]["status"], off["service"]["disabled_reason"]) == ("disabled", "repair")
    admin.put("os-services/enable", {"host": "host-a", "binary": "nova-compute"})
    assert admin.get("os-services")["services"][0]["status"] == "enabled"
    assert member.get("os-availability-zone")["availabilityZoneInfo"][0]["zoneName"] == "nova"
    assert "host-a" in admin.get("os-availability-zone/detail")["availabilityZoneInfo"][0]["hosts"]
    for path in ("os-hypervisors", "os-services", "os-availability-zone/detail"):
        member.get(path, 403)
    assert admin.get("os-aggregates") == {"aggregates": []}


def test_a_host_is_declared_down(admin: Compute) -> None:
    """By the verb until 2.52, by its id from then on; what it says itself does not bring it up again."""
    host = factories.HypervisorFactory(name="host-a")
    naming = {"host": "host-a", "binary": "nova-compute"}
    admin.at("2.10").put("os-services/force-down", naming | {"forced_down": True}, 404)
    answer = admin.at("2.11").put("os-services/force-down", naming | {"forced_down": True})
    assert answer == {"service": naming | {"forced_down": True}}
    liveness.libvirt_answers(host)
    (service,) = admin.at("2.53").get("os-services")["services"]
    assert (service["state"], service["forced_down"]) == ("down", True)
    path = f"os-services/{service['id']}"
    answer = admin.at("2.53").put(path, {"forced_down": False})
    assert (answer["service"]["state"], answer["service"]["forced_down"]) == ("down", False)
    liveness.libvirt_answers(host)
    assert admin.at("2.53").get("os-services")["services"][0]["state"] == "up"
    both = {"forced_down": True, "status": "disabled", "disabled_reason": "burnt"}
    answer = admin.at("2.53").put(path, both)["service"]
    assert (answer["state"], answer["status"], answer["disabled_reason"]) == ("down", "disabled", "burnt")
    admin.at("2.53").put(path, {}, 400)
    admin.at("2.53").put(path, {"forced_down": "perhaps"}, 400)


def test_hosts_as_older_clients_ask_for_them(
    member: Compute, admin: Compute, blue: Project, red: Project
) -> None:
    host = factories.HypervisorFactory(name="host-a", vcpus=8, memory_mib=4096, disk_gib=100)
    for project, vcpus in ((blue, 2), (red, 1)):
        factories.InstanceFactory(project=project, hypervisor=host, vcpus=vcpus)
    own = {"host_name": "host-a", "service": "compute", "zone": "nova"}
    assert own in admin.get("os-hosts")["hosts"]
    assert admin.get("os-hosts?zone=nova")["hosts"] == [own]
    assert {row["service"] for row in admin.get("os-hosts?zone=internal")["hosts"]} == {
        "conductor",
        "scheduler",
    }
    rows = {row["resource"]["project"]: row["resource"] for row in admin.get("os-hosts/host-a")["host"]}
    assert {name: row["cpu"] for name, row in rows.items()} == {
        "(total)": 8,
        "(used_now)": 3,
        "(used_max)": 3,
        blue.id: 2,
        red.id: 1,
    }
    assert (rows["(total)"]["memory_mb"], rows["(total)"]["disk_gb"]) == (4096, 100)
    assert admin.put("os-hosts/host-a", {"status": "disable"}) == {"host": "host-a", "status": "disabled"}
    assert not Hypervisor.objects.get().enabled
    admin.put("os-hosts/host-a", {"status": "off"}, 400)
    admin.put("os-hosts/host-a", {}, 400)
    admin.put("os-hosts/host-a", {"maintenance_mode": "enable"}, 501)
    admin.get("os-hosts/host-a/reboot", 501)
    for path in ("os-hosts/host-b", "os-hosts/%00", "os-hosts/host-b/reboot"):
        admin.get(path, 404)
    for path in ("os-hosts", "os-hosts/host-a", "os-hosts/host-a/reboot"):
        member.get(path, 403)
        admin.at("2.43").get(path, 404)


def test_usage(member: Compute, admin: Compute, blue: Project, red: Project) -> None:
    instance = factories.InstanceFactory(project=blue, vcpus=2)
    Instance.objects.update(launched_at=timezone.now() - timedelta(hours=2))
    usage = member.get(f"os-simple-tenant-usage/{blue.id}")["tenant_usage"]
    assert 3.9 < usage["total_vcpus_usage"] < 4.1
    assert [row["instance_id"] for row in usage["server_usages"]] == [str(instance.pk)]
    assert member.get(f"os-simple-tenant-usage/{blue.id}?end=2001-01-01T00:00:00")["tenant_usage"] == {}
    member.get("os-simple-tenant-usage", 403)
    member.get(f"os-simple-tenant-usage/{red.id}", 403)
    assert [row["tenant_id"] for row in admin.get("os-simple-tenant-usage")["tenant_usages"]] == [blue.id]
    member.get(f"os-simple-tenant-usage/{blue.id}?start=nonsense", 400)


@pytest.mark.parametrize(
    ("is_public", "names"),
    [
        *((yes, ["for-all"]) for yes in ("t", "true", "True", "yes", "on", "1", "y")),
        *((no, ["for-some"]) for no in ("f", "false", "no", "off", "0", "n")),
        ("none", ["for-all", "for-some"]),
    ],
)
def test_flags_of_queries_are_read_as_the_reference_does(
    admin: Compute, is_public: str, names: list[str]
) -> None:
    """oslo.utils, strutils.bool_from_string."""
    factories.FlavorFactory(name="for-all")
    factories.FlavorFactory(name="for-some", is_public=False)
    rows = admin.get(f"flavors?is_public={is_public}&sort_key=name")["flavors"]
    assert [row["name"] for row in rows] == names


@pytest.mark.parametrize(
    ("version", "path", "plural", "names"),
    [
        ("2.53", "os-hypervisors?hypervisor_hostname_pattern=alpha", "hypervisors", ["host-alpha"]),
        ("2.53", "os-services?host=host-beta&binary=nova-compute", "services", ["host-beta"]),
        ("2.1", "flavors?minDisk=10&sort_key=name", "flavors", ["large", "middle"]),
        ("2.1", "flavors?minRam=1024&minDisk=20", "flavors", ["large"]),
    ],
)
def test_further_filters(admin: Compute, version: str, path: str, plural: str, names: list[str]) -> None:
    for name in ("host-alpha", "host-beta"):
        factories.HypervisorFactory(name=name)
    for name, ram, disk in (("small", 512, 1), ("middle", 1024, 10), ("large", 2048, 20)):
        factories.FlavorFactory(name=name, ram_mib=ram, disk_gib=disk)
    rows = admin.at(version).get(path)[plural]
    assert [row.get("hypervisor_hostname") or row.get("host") or row["name"] for row in rows] == names
