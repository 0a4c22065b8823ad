"""Questions to hosts' console processes: signed, answered, and given up where nobody answers."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import Unavailable
from accounts.models import Project, User
from compute.driver import connection
from compute.hosts.models import Hypervisor
from compute.hosts.services import console_addresses, questions, signatures
from compute.hosts.services.console_addresses import Part
from compute.instances.services import console_views
from tests.factories import HypervisorFactory, InstanceFactory

pytestmark = pytest.mark.django_db


class SilentHost:
    """A machine that takes connections and says nothing; it counts them."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.asked = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """The address of its console process; questions go to the port after it."""
        return f"127.0.0.1:{self._listening.getsockname()[1] - 1}"

    def _accept(self) -> None:
        while True:
            try:
                self._open.append(self._listening.accept()[0])
            except OSError:
                return
            self.asked += 1

    def close(self) -> None:
        self._listening.close()
        for accepted in self._open:
            accepted.close()


@pytest.fixture
def silent() -> Iterator[SilentHost]:
    questions.forget()
    host = SilentHost()
    yield host
    host.close()


@pytest.fixture
def away(silent: SilentHost) -> Hypervisor:
    return HypervisorFactory(name="lab-2", console_address=silent.address)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is the same for a tenth of the time."""
    monkeypatch.setattr(questions, "SECONDS", 0.5)
    monkeypatch.setattr(questions, "TURN_SECONDS", 0.05)


def outcome(host: Hypervisor) -> object:
    try:
        return questions.ask(host, "/facts")
    except Unavailable as error:
        return str(error)


def test_a_silent_host_costs_few_threads_once(impatient: None, away: Hypervisor, silent: SilentHost) -> None:
    with ThreadPoolExecutor(16) as threads:
        said = set(threads.map(outcome, [away] * 16))
    assert said == {"Host lab-2 does not answer. Try again shortly."}
    assert silent.asked == questions.AT_ONCE
    assert {outcome(away) for _ in range(50)} == said
    assert silent.asked == questions.AT_ONCE, "it is left alone for a while"


def test_later_one_at_a_time_finds_out_whether_it_is_back(
    impatient: None, away: Hypervisor, silent: SilentHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome(away)
    questions._lines[away.pk]._breaker.reset()  # as after five seconds
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(outcome, [away] * 16))
    assert silent.asked == 2


def test_many_silent_hosts_leave_threads_to_pages(
    impatient: None, silent: SilentHost, own_host: Hypervisor
) -> None:
    hosts = [HypervisorFactory(console_address=silent.address) for _ in range(16)]
    with ThreadPoolExecutor(16) as threads:
        said = list(threads.map(outcome, hosts))
    assert silent.asked <= settings.WEB_THREADS // 2
    assert all("answer" in str(sentence) for sentence in said)
    assert "uptime" in json.loads(questions.ask(own_host, "/facts").content)


def test_others_and_pages_go_on(
    impatient: None, away: Hypervisor, own_host: Hypervisor, blue: Project, alice: User
):
    there, here = (InstanceFactory(project=blue, hypervisor=host) for host in (away, own_host))
    client = Client()
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    picture = client.get(reverse("instance-screen", args=[there.pk]))
    assert (picture.status_code, picture["Retry-After"]) == (503, "5")
    assert "Host lab-2 does not answer." in picture.text
    assert client.get(reverse("instance", args=[there.pk])).status_code == 200
    assert client.get(reverse("instance-log-text", args=[here.pk])).status_code == 200


def test_web_processes_open_no_libvirt(blue: Project, root: User) -> None:
    """Neither for the health page nor for what is about a guest or its host."""
    questions.forget()
    connection.close_all()
    connection._pools.clear()
    host = HypervisorFactory(uri="test:///default", seen_at=timezone.now())
    instance = InstanceFactory(project=blue, hypervisor=host)
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    assert client.get(reverse("health"), headers={"HX-Request": "true"}).status_code == 200
    for page, status in (
        ("instance", 200),
        ("instance-screen", 503),
        ("instance-log", 503),
        ("instance-serial", 200),
    ):
        assert client.get(reverse(page, args=[instance.pk])).status_code == status, page
    for verb in ("stop", "pause"):
        client.post(reverse("instance-action", args=[instance.pk, verb]))
    assert connection._pools == {}


def test_a_host_without_an_address_does_not_answer() -> None:
    questions.forget()
    assert outcome(HypervisorFactory(name="lab-3")) == "Host lab-3 does not answer. Try again shortly."


def test_a_picture_of_what_is_not_there_is_of_one_that_is_off(
    own_host: Hypervisor, settings: Settings
) -> None:
    settings.LIBVIRT_URI = "test:///default"
    instance = InstanceFactory(hypervisor=own_host)
    with pytest.raises(Exception, match="is off, so it has no screen"):
        console_views.screenshot(instance)


def _get(host: Hypervisor, target: str, signature: str | None) -> tuple[int, Any]:
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(Part.HOST.socket))
        connection = http.client.HTTPConnection("host")
        connection.sock = wire
        connection.request("GET", target, headers={signatures.HEADER: signature} if signature else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_only_fresh_signatures_of_just_this_request_count(own_host: Hypervisor) -> None:
    good = signatures.sign("GET", own_host.pk, "/facts")
    assert _get(own_host, "/facts", good)[0] == 200
    own_host_id = own_host.pk
    wrong = {
        "none": None,
        "forged": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "of another host": signatures.sign("GET", HypervisorFactory().pk, "/facts"),
        "of another address": signatures.sign("GET", own_host_id, "/instances"),
        "of another method": signatures.sign("POST", own_host_id, "/facts"),
        "of another query": signatures.sign("GET", own_host_id, "/facts?x=1"),
        "of another installation": signing.TimestampSigner(key="x" * 50, salt="compute.hosts.console").sign(
            f"GET {own_host_id} /facts"
        ),
        "for something else": signing.TimestampSigner(salt="else").sign(f"GET {own_host_id} /facts"),
        "garbage": "::",
    }
    for name, signature in wrong.items():
        status, said = _get(own_host, "/facts", signature)
        assert (status, said["code"]) == (403, "forbidden"), name


def test_a_signature_ends(own_host: Hypervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    good = signatures.sign("GET", own_host.pk, "/facts")
    monkeypatch.setattr(signatures, "SECONDS", -1)
    assert _get(own_host, "/facts", good)[0] == 403


def test_unknown_addresses_and_queries_are_refused(own_host: Hypervisor) -> None:
    for target, status in (
        ("/elsewhere", 404),
        ("/instances/../facts", 404),
        ("/instances/x/log?limit=1", 404),
        (f"/instances/{own_host.pk}/log", 400),
        (f"/instances/{own_host.pk}/log?limit=many", 400),
    ):
        assert _get(own_host, target, signatures.sign("GET", own_host.pk, target))[0] == status, target


def test_a_host_that_refuses_us_is_named(own_host: Hypervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "sign", lambda *_: "wrong")
    with pytest.raises(Unavailable, match="not signed by this installation"):
        questions.ask(own_host, "/facts")


def test_addresses_of_hosts_as_nginx_takes_them(own_host: Hypervisor) -> None:
    four = HypervisorFactory(console_address="10.0.0.5:8100")
    six = HypervisorFactory(console_address="[fd00::5]:8100")
    upstream = console_addresses.upstream
    assert upstream(own_host.pk, Part.SCREENS) == "screens"
    assert upstream(own_host.pk, Part.HOST) == "host"
    assert upstream(four.pk, Part.SCREENS) == "10.0.0.5:8100"
    assert upstream(four.pk, Part.HOST) == "10.0.0.5:8101"
    assert upstream(six.pk, Part.HOST) == "[fd00::5]:8101"
    assert upstream(HypervisorFactory().pk, Part.HOST) == ""
