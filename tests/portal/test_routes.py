"""Who gets what answer from which route: every route of the URL configuration, each as a table."""

import re
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Project, User
from accounts.policy import RULES
from compute.engine.models import Operation
from compute.instances.models import Instance
from compute.volumes.models import QosSpecs, Volume
from portal.pages import volumes
from tests import factories
from tests.kept_rows import kept_rows
from tests.portal.routes import (
    Route,
    arguments,
    of_instances,
    of_volumes,
    routes,
    verbs_of,
    without_numbers,
)

ANYBODY = {
    "front-console",
    "sign-in",
    "setup",
    "choose-password",
    "alive",
    "api-schema",
    "oidc",
    "oidc-callback",
    "remote-console",
}
PASSKEYS = {"sign-in-passkey", "sign-in-passkey-ask"}
"""Open to strangers, who get in by an answer of their device only; there is nothing to ask over plain HTTP."""

DIRECTORY = ("project", "user", "group", "role", "domain", "flavor")
QUOTA_REQUESTS = {
    "quota-requests",
    "quota-requests-waiting",
    "quota-request-approve",
    "quota-request-refuse",
}
ADMIN_ONLY = {
    "health",
    "operation-retry",
    *QUOTA_REQUESTS,
    *(
        route.name
        for route in routes()
        if route.name.startswith((*DIRECTORY, "aggregate", "host", "pool", "volume-type"))
    ),
    *("cloud", "usage", "usage-download"),
} - {"project-switch"}
POSTED = {"instance-action", "volume-action", *(route.name for route in routes() if route.takes_forms_only)}
IN_PIECES = {"image-uploads", "image-upload"}
IN_PIECES_HEADERS = {"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Offset": "0"}
MANAGING = {"audit", "audit-download"}
"""For managers of the project and administrators."""

SCHEDULING = {f"instance-schedule-{deed}" for deed in ("new", "edit", "enabled", "delete")}
WRITING = {
    *SCHEDULING,
    "launch",
    "launch-preview",
    "instance-action",
    "instance-keyboard",
    "instances-question",
    "instances-resize",
    "instances-set_expiry",
    "instances-set_tags",
    "quota-request-ask",
    "quota-request-withdraw",
    "server-group-new",
    "server-group-delete",
    "image-delete",
    "instance-volume-attach",
    "image-new",
    "image-edit",
    "image-share",
    "image-unshare",
    "image-answer",
    "image-deactivate",
    "image-reactivate",
    "image-upload",
    "image-uploads",
    "volume-action",
    "volume-create",
    "volume-create-preview",
    "volume-metadata",
    "backup-delete",
    "backup-verify",
    "volume-backup-create",
    "volume-backup-plan",
    "volume-backup-plan-delete",
    "instance-snapshot-create",
    "instance-snapshot-edit",
    "instance-snapshot-delete",
    "volume-snapshot-create",
    "volume-snapshot-delete",
    "volumes-question",
}
"""What a reader may not even begin."""

UNKNOWN = {
    "api-call",
    "operation-cancel",
    "operation-retry",
    "instance-schedule-edit",
    "instance-schedule-enabled",
    "instance-schedule-delete",
    "keypair-delete",
    "project-switch",
    "user-credential-revoke",
    "group-add",
    "group-remove",
    "session-end",
    "passkey-delete",
    "choose-password",
    "user-reset-link",
    "user-second-factor-off",
    "image-upload",
    "image-unshare",
    "credential-delete",
    "ec2-key-delete",
    "quota-request-approve",
    "quota-request-refuse",
    "quota-request-withdraw",
    "oidc",
    "oidc-callback",
}
"""Posts that name something which is not there, and pages of what is switched off."""

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Any]]:
    """The cast of all tests, made once: there are hundreds of them."""
    with kept_rows(django_db_blocker):
        blue, red = factories.ProjectFactory(name="blue"), factories.ProjectFactory(name="red")
        yield {
            "blue": blue,
            "red": red,
            "alice": factories.with_role("alice", "member", blue),
            "bob": factories.with_role("bob", "member", red),
            "ruth": factories.with_role("ruth", "reader", blue),
            "max": factories.with_role("max", "manager", blue),
            "root": factories.administrator("root", blue),
        }


@pytest.fixture
def blue(cast: dict[str, Any], db: None) -> Project:
    return cast["blue"]


@pytest.fixture
def red(cast: dict[str, Any], db: None) -> Project:
    return cast["red"]


@pytest.fixture
def alice(cast: dict[str, Any], db: None) -> User:
    return cast["alice"]


@pytest.fixture
def ruth(cast: dict[str, Any], db: None) -> User:
    return cast["ruth"]


@pytest.fixture
def max_(cast: dict[str, Any], db: None) -> User:
    return cast["max"]


@pytest.fixture
def root(cast: dict[str, Any], db: None) -> User:
    return cast["root"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


def call(client: Client, route: Route, values: dict[str, str]):
    """With the method that the route takes."""
    url = reverse(route.name, kwargs=values)
    fields = {"name": "x", "ids": str(uuid.uuid4()), "project": "unknown"}
    if route.name in IN_PIECES:
        send = client.patch if values else client.post
        return send(url, b"x", content_type="application/offset+octet-stream", headers=IN_PIECES_HEADERS)
    return client.post(url, fields) if route.name in POSTED else client.get(url)


@pytest.mark.parametrize("route", of_instances(), ids=str)
def test_a_foreign_instance_is_as_unknown_as_any(route: Route, alice: User, red: Project) -> None:
    """404 on every route and verb, with the same body as an id that nobody has, and nothing begins."""
    foreign = factories.InstanceFactory(project=red)
    client = signed_in(alice)
    for values in arguments(route, instance_id=str(foreign.pk)):
        for method in (client.get, client.post, client.put, client.delete):
            its = method(reverse(route.name, kwargs=values))
            unknown = method(reverse(route.name, kwargs=values | {"instance_id": str(uuid.uuid4())}))
            assert its.status_code == unknown.status_code
            assert its.status_code in {404, 405}
            assert without_numbers(its.content) == without_numbers(unknown.content)
        assert call(client, route, values).status_code == 404
    assert Operation.objects.count() == 0
    assert Instance.objects.get(pk=foreign.pk).version == foreign.version


@pytest.mark.parametrize("route", of_volumes(), ids=str)
def test_a_foreign_volume_is_as_unknown_as_any(route: Route, alice: User, red: Project) -> None:
    """404 on every route and verb, and nothing begins."""
    foreign = factories.VolumeFactory(project=red)
    client = signed_in(alice)
    for values in arguments(route, volume_id=str(foreign.pk)):
        own_address = reverse(route.name, kwargs=values)
        unknown_id = str(uuid.uuid4())
        unknown_address = reverse(route.name, kwargs=values | {"volume_id": unknown_id})
        for method in (client.get, client.post, client.put, client.delete):
            its, unknown = method(own_address), method(unknown_address)
            assert its.status_code == unknown.status_code
            assert its.status_code in {403, 404, 405}
            text = unknown.content.replace(unknown_id.encode(), str(foreign.pk).encode())
            assert without_numbers(its.content) == without_numbers(text)
    assert Operation.objects.count() == 0
    assert Volume.objects.get(pk=foreign.pk).version == foreign.version


@pytest.mark.parametrize("route", of_instances(), ids=str)
def test_an_id_that_is_none(route: Route, alice: User) -> None:
    client = signed_in(alice)
    url = reverse(route.name, kwargs=arguments(route, instance_id=str(uuid.uuid4()))[0])
    for wrong in ("1", "x", "%00", "..", "1' or 1=1", "\N{SNOWMAN}"):
        assert (
            client.get(re.sub(r"/instances/[0-9a-f-]{36}/", f"/instances/{wrong}/", url)).status_code == 404
        )


@pytest.mark.parametrize("route", routes(), ids=str)
def test_strangers_are_sent_to_sign_in(route: Route, blue: Project) -> None:
    """Anonymous hits see no page, learn nothing, and leave no session behind."""
    client = Client()
    for values in arguments(route, instance_id=str(factories.InstanceFactory(project=blue).pk)):
        answer = call(client, route, values)
        if route.name in ANYBODY:
            assert answer.status_code in {200, 204, 404}
        elif route.name in PASSKEYS:
            assert answer.status_code in {401, 404}
        else:
            assert answer.status_code == 302
            assert answer.url.startswith("/sign-in/")
    assert Session.objects.count() == 0


@pytest.mark.parametrize("route", routes(), ids=str)
def test_roles(route: Route, alice: User, ruth: User, max_: User, root: User, blue: Project) -> None:
    """Reader, member, manager and administrator of the project; a refusal is 403 with the role that is missing."""
    factories.NetworkFactory()
    people = {"reader": ruth, "member": alice, "manager": max_, "admin": root}
    for role, user in people.items():
        things, client = _things(route, blue, user), signed_in(user)
        for values in arguments(route, key="defaults", **things):
            status = call(client, route, values).status_code
            alone = _is_alone(route, values)
            expected = {404} if alone else _expected(route, role)
            noun = "volume" if route.name.startswith("volume") else "instance"
            if "verb" in values and not alone and RULES[f"{noun}:{values['verb']}"] == "admin" != role:
                expected = {403}
            assert status in expected, f"{route} as {role} with {values}: {status}, not {expected}"


def _is_alone(route: Route, values: dict[str, str]) -> bool:
    """Return whether the route, which is for many rows, does not take the verb."""
    if route.name in {"volumes-action", "volumes-question"}:
        return values["verb"] not in volumes.BULK
    return route.name == "instances-action" and not verbs_of(route)[values["verb"]].bulk


def _things(route: Route, project: Project, user: User) -> dict[str, str]:
    """One of everything that the route names, so that deleting it hurts nobody of the cast."""
    instance = cache(lambda: factories.InstanceFactory(project=project, user=user))
    make: dict[str, Callable[[], Any]] = {
        "instance_id": lambda: instance().pk,
        "project_id": lambda: project.id,
        "user_id": lambda: factories.UserFactory().id,
        "group_id": lambda: factories.GroupFactory().id,
        "role_id": lambda: factories.RoleFactory(name=f"role-{uuid.uuid4().hex}").id,
        "domain_id": lambda: project.domain_id,
        "server_group_id": lambda: factories.ServerGroupFactory(project=project).pk,
        "flavor_id": lambda: factories.FlavorFactory().pk,
        "image_id": lambda: factories.ImageFactory(project=project, visibility="shared").pk,
        "aggregate_id": lambda: factories.AggregateFactory().pk,
        "hypervisor_id": lambda: factories.HypervisorFactory().pk,
        "qos_id": lambda: QosSpecs.objects.create(name=uuid.uuid4().hex).pk,
        "pool_id": lambda: factories.PoolFactory().pk,
        "volume_id": lambda: factories.VolumeFactory(project=project, user=user).pk,
        "volume_type_id": lambda: factories.VolumeTypeFactory().pk,
        "snapshot_id": lambda: factories.VolumeSnapshotFactory(project=project).pk,
        "instance_snapshot_id": lambda: factories.InstanceSnapshotFactory(instance=instance()).pk,
        "backup_id": lambda: factories.BackupFactory(project=project).pk,
    }
    return {name: str(make[name]()) for name in route.arguments if name in make}


@pytest.mark.parametrize(
    "route",
    [
        route
        for route in routes()
        if {
            "project_id",
            "user_id",
            "group_id",
            "role_id",
            "domain_id",
            "aggregate_id",
            "flavor_id",
            "hypervisor_id",
            "volume_type_id",
        }
        & set(route.arguments)
    ],
    ids=str,
)
def test_what_does_not_exist_is_not_found(route: Route, root: User, alice: User) -> None:
    """And to others than administrators it is refused before anything is looked for."""
    theirs, others = signed_in(root), signed_in(alice)
    for values in arguments(route):
        assert call(theirs, route, values).status_code == 404
        assert call(others, route, values).status_code == 403


OF_THE_CLOUD = (
    *("instance", "launch", "image", "server-group", "recycle-bin", "activity"),
    *("volume", "flavor", "aggregate", "host", "cloud", "usage", "health", "audit", "operation-retry"),
    *("quota-request", "project-quotas", "projects-limits", "project-user-limits"),
)
"""How the routes begin of which a role on a domain opens none, not even for the projects of that domain."""
NOTHING = {"instances-more", "instances-action", "volumes-action", "volumes-question"}
"""They answer whoever has chosen nothing with nothing."""


@pytest.mark.parametrize("role", ["reader", "manager", "admin"])
def test_a_role_on_a_domain_opens_no_page_of_the_cloud(
    role: str, cast: dict[str, Any], blue: Project
) -> None:
    dean = factories.UserFactory(name="dean")
    factories.AssignmentFactory(user=dean, project=None, domain=blue.domain, role__name=role)
    client = signed_in(dean)
    asked = [route for route in routes() if route.name.startswith(OF_THE_CLOUD)]
    for route in asked:
        for values in arguments(route, key="defaults", **_things(route, blue, cast["alice"])):
            status = call(client, route, values).status_code
            assert status == 403 or (route.name in NOTHING and status in {200, 204, 404}), route


def _expected(route: Route, role: str) -> set[int]:
    if route.name == "setup":
        return {302, 404}
    if route.name in PASSKEYS:
        return {401, 404}
    if route.name in ADMIN_ONLY and role != "admin":
        return {403}
    if route.name in MANAGING and role in {"reader", "member"}:
        return {403}
    if role == "reader" and (route.name in WRITING or _is_console(route)):
        return {403}
    if route.name.endswith("-delete") and route.name.startswith(DIRECTORY):
        return {204, 302, 403, 409}
    # 409: the verb does not fit the state. 400: the form is empty. 503: there is no hypervisor to ask.
    return {404} if route.name in UNKNOWN else {200, 201, 204, 302, 304, 400, 409, 503}


def _is_console(route: Route) -> bool:
    return route.name.startswith(("instance-console", "instance-serial", "instance-screen", "instance-log"))


@pytest.mark.parametrize("path", ["/nothing/", "/instances/../../etc/passwd", "/static/../manage.py", "/%00"])
def test_unknown_addresses(path: str, alice: User) -> None:
    answer = signed_in(alice).get(path)
    assert answer.status_code in {302, 404}
    assert b"Traceback" not in answer.content


def test_answers_protect_browsers(alice: User) -> None:
    """Nothing inline runs, no framing, no sniffing, nothing stored."""
    first = signed_in(alice).get("/")
    policy = dict(rule.split(" ", 1) for rule in first["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert re.fullmatch(r"'self' 'nonce-[\w+/]{22}=='", policy["script-src"])
    assert policy["style-src"] == policy["script-src"]
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert first["X-Frame-Options"] == "DENY"
    assert first["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in first["Cache-Control"]
    assert first["x-openstack-request-id"].startswith("req-")


@pytest.mark.parametrize("path", ["/identity/v3", "/identity/v3/users", "/compute/v2.1/nothing"])
def test_answers_of_apis_may_load_nothing(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_post_without_its_token_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    assert client.post("/sign-out/").status_code == 403
    assert client.get("/").status_code == 200


def test_a_foreign_host_is_refused(alice: User) -> None:
    assert signed_in(alice).get("/", headers={"host": "evil.example"}).status_code == 400
