"""The console's pages: who may see them, what they answer, and what a guest's log can do to a reader."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Project, User
from compute.hosts.models import Hypervisor
from compute.instances.models import ConsoleToken, Instance
from compute.instances.services import console_views, consoles, guests
from compute.instances.states import VmState
from tests.factories import InstanceFactory
from tests.proof import examples

pytestmark = pytest.mark.django_db

PAGES = [
    "instance-console",
    "instance-console-window",
    "instance-console-state",
    "instance-serial",
    "instance-serial-window",
    "instance-log",
    "instance-log-text",
    "instance-log-download",
]


@pytest.fixture
def instance(alice: User, blue: Project, own_host: Hypervisor) -> Instance:
    return InstanceFactory(project=blue, user=alice, hypervisor=own_host)


@pytest.fixture
def log_file(instance: Instance) -> Path:
    file = guests.console_log(instance)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _client(user: User, **options: bool) -> Client:
    client = Client(**options)
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.mark.parametrize("page", [*PAGES, "instance-screen"])
def test_strangers_learn_nothing_and_readers_are_refused(
    page: str, instance: Instance, bob: User, ruth: User
) -> None:
    address = reverse(page, args=[instance.pk])
    assert Client().get(address).status_code == 302
    assert _client(bob).get(address).status_code == 404
    assert _client(ruth).get(address).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_members_and_administrators_see_it(page: str, instance: Instance, alice: User, root: User) -> None:
    for user in (alice, root):
        assert _client(user).get(reverse(page, args=[instance.pk])).status_code == 200


@pytest.mark.parametrize(
    "state",
    examples(
        [state for state in VmState if state != VmState.DELETED],
        VmState.ACTIVE,
        VmState.STOPPED,
        VmState.ERROR,
    ),
)
@pytest.mark.parametrize("page", PAGES)
def test_every_state_has_a_page(page: str, state: VmState, instance: Instance, alice: User) -> None:
    Instance.objects.update(vm_state=state)
    answer = _client(alice).get(reverse(page, args=[instance.pk]))
    assert answer.status_code == 200
    if page == "instance-console-state":
        running = state in consoles.RUNNING
        assert f'data-running="{"yes" if running else "no"}"' in answer.text
        assert (reverse("instance-action", args=[instance.pk, "start"]) in answer.text) == (
            state == VmState.STOPPED
        )


def test_what_is_off_has_no_picture_and_that_is_no_fault(instance: Instance, alice: User) -> None:
    Instance.objects.update(vm_state=VmState.STOPPED, hypervisor=None)
    answer = _client(alice).get(reverse("instance-screen", args=[instance.pk]))
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (204, b"", "no-store")


def test_a_pass_is_given_by_post_only_and_with_csrf_only(instance: Instance, alice: User) -> None:
    address = reverse("instance-console-pass", args=[instance.pk])
    assert _client(alice).get(address).status_code == 405
    assert _client(alice, enforce_csrf_checks=True).post(address).status_code == 403
    answer = _client(alice).post(address)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    token = answer.json()["url"].removeprefix(f"/console/{instance.hypervisor_id}/?token=")
    assert consoles.redeem(token, instance.hypervisor_id) == instance


def test_no_pass_for_strangers_readers_or_what_is_off(
    instance: Instance, alice: User, bob: User, ruth: User
) -> None:
    address = reverse("instance-console-pass", args=[instance.pk])
    assert _client(bob).post(address).status_code == 404
    assert _client(ruth).post(address).status_code == 403
    Instance.objects.update(vm_state=VmState.STOPPED)
    answer = _client(alice).post(address, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "is off" in answer.json()["error"]["message"]
    assert ConsoleToken.objects.count() == 0


@pytest.mark.parametrize(
    ("how", "status"), [("ask", 409), ("again", 409), ("share", 201), ("take", 201), ("steal", 400)]
)
def test_an_occupied_screen_is_not_entered_unasked(
    how: str, status: int, instance: Instance, alice: User, max_: User
) -> None:
    address = reverse("instance-console-pass", args=[instance.pk])
    token = _client(max_).post(address).json()["url"].partition("=")[2]
    assert consoles.redeem(token, instance.hypervisor_id)
    answer = _client(alice).post(address, {"how": how}, headers={"Accept": "application/json"})
    assert answer.status_code == status
    if status == 409:
        assert [visitor["name"] for visitor in answer.json()["visitors"]] == ["max"]


def test_only_the_terminal_may_style_inline(instance: Instance, alice: User) -> None:
    client = _client(alice)
    for page, loose in (("instance-console-window", False), ("instance-serial-window", True)):
        policy = client.get(reverse(page, args=[instance.pk]))["Content-Security-Policy"]
        directives = dict(line.split(" ", 1) for line in policy.split("; "))
        assert ("'unsafe-inline'" in directives["style-src"]) == loose
        assert "unsafe" not in directives["script-src"]


def test_the_log_is_text_whatever_a_guest_writes(instance: Instance, log_file: Path, alice: User) -> None:
    log_file.write_bytes(
        b"\x1b[1;32mok\x1b[0m booting\r\n\x1b]0;title\x07"
        b"10%\r50%\r100%\r\n<script>alert(1)</script>\x00\x07\xff \xe2\x80\xaeeded\n"
    )
    client = _client(alice)
    said = client.get(reverse("instance-log-text", args=[instance.pk]))
    assert said.text == "ok booting\n100%\n<script>alert(1)</script>\ufffd eded\n"
    assert said["Content-Type"].startswith("text/plain")
    assert said["X-Content-Type-Options"] == "nosniff"
    page = client.get(reverse("instance-log", args=[instance.pk])).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    whole = client.get(reverse("instance-log-download", args=[instance.pk]))
    assert whole.content == log_file.read_bytes()
    assert "attachment" in whole["Content-Disposition"]


def test_an_unchanged_log_is_not_sent_again(instance: Instance, log_file: Path, alice: User) -> None:
    client, address = _client(alice), reverse("instance-log-text", args=[instance.pk])
    log_file.write_bytes(b"one\n")
    tag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    with log_file.open("ab") as file:
        file.write(b"two\n")
    assert client.get(address, headers={"If-None-Match": tag}).text == "one\ntwo\n"


def test_of_a_long_log_the_end_is_shown_from_a_line_on(instance: Instance, log_file: Path) -> None:
    log_file.with_name(f"{log_file.name}.0").write_bytes(b"".join(b"old %06d\n" % n for n in range(60_000)))
    log_file.write_bytes(b"new\n")
    found = console_views.log(instance)
    assert found.shortened
    assert found.text.endswith("old 059999\nnew\n")
    assert found.text.startswith("old ")
    assert console_views.MOST_LOG_BYTES - 20 < len(found.content) <= console_views.MOST_LOG_BYTES


def test_a_log_that_is_not_there_yet_is_empty(instance: Instance, alice: User) -> None:
    answer = _client(alice).get(reverse("instance-log-text", args=[instance.pk]))
    assert (answer.status_code, answer.text) == (200, "")


def test_names_cannot_break_out(instance: Instance, alice: User) -> None:
    Instance.objects.update(name='"><script>alert(1)</script>')
    for page in PAGES:
        assert "<script>alert(1)" not in _client(alice).get(reverse(page, args=[instance.pk])).text


def test_pages_are_never_framed(instance: Instance, alice: User) -> None:
    answer = _client(alice).get(reverse("instance-console-window", args=[instance.pk]))
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]
    assert settings.X_FRAME_OPTIONS == "DENY"


def first_screen(client: Client, instance: Instance, **headers: str) -> str:
    """The path that the page opens by itself; empty if there is none."""
    page = client.get(reverse("instance-console", args=[instance.pk]), headers=headers).content.decode()
    opened = re.search(r'new WebSocket\(.*"(/console/.*)"\)', page)
    return opened.group(1).encode().decode("unicode_escape") if opened else ""


def test_the_page_opens_the_screen_by_itself(instance: Instance, alice: User) -> None:
    """While its scripts are on their way; with a pass that belongs to this session."""
    token = first_screen(_client(alice), instance).partition("?token=")[2]
    (row,) = ConsoleToken.objects.all()
    assert (row.user, row.instance, row.session is not None) == (alice, instance, True)
    assert consoles.redeem(token, instance.hypervisor_id) == instance


def test_no_pass_is_made_where_none_is_used(instance: Instance, alice: User, root: User) -> None:
    client = _client(alice)
    assert first_screen(client, instance, **{"HX-Request": "true"}) == ""
    client.head(reverse("instance-console", args=[instance.pk]))
    client.get(reverse("instance-serial", args=[instance.pk]))
    assert not ConsoleToken.objects.exists()
    ConsoleToken.objects.create(
        digest="x",
        user=root,
        instance=instance,
        host_id=instance.hypervisor_id,
        used_at=timezone.now(),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    assert first_screen(client, instance) == "", "somebody else looks at it: people are asked first"
    Instance.objects.update(vm_state=VmState.STOPPED)
    ConsoleToken.objects.all().delete()
    assert first_screen(client, instance) == ""
