"""A process of one host freezes or dies: everybody notices, nobody else is hindered, and all of it resumes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.lab.api import Compute
from tests.lab.figures import Stopwatch
from tests.lab.lab import Host, Lab
from tests.stack import Browserless, wait_for

PROGRAMS = ("worker", "watch", "console", "libvirtd")
NOTICED_SECONDS = 20
CHECKS = {"worker": "Worker", "watch": "Hypervisor", "console": "Console process", "libvirtd": "Hypervisor"}
"""Which line of the health page tells of a program that does not answer."""

DOING = {"worker", "libvirtd"}
"""What work on a guest needs; without the others it goes on."""


@pytest.fixture(scope="module")
def compute(lab: Lab, admin: Browserless) -> Compute:
    return Compute(lab)


@pytest.fixture(scope="module")
def guests(lab: Lab, admin: Browserless, one: Host, two: Host) -> Iterator[None]:
    """`here` runs on the host that stays well, `there` on the other."""
    for name, host in (("here", one), ("there", two)):
        lab.launch(admin, name, host)
    yield
    for name in ("here", "there"):
        lab.do(admin, name, "purge", "deleted")


@pytest.mark.usefixtures("guests")
@pytest.mark.parametrize("program", PROGRAMS)
def test_frozen(
    lab: Lab, admin: Browserless, compute: Compute, page: Page, one: Host, two: Host, program: str
) -> None:
    page.goto("/instances/")
    row = page.locator("tr").filter(has=page.get_by_role("link", name="there", exact=True))
    with _nothing_is_done_twice(lab, "there"):
        with two.frozen(program):
            frozen = Stopwatch()
            verb = _ask(lab, admin, "there")
            noticed = _wait_until_noticed(admin, compute, two, program, frozen, f"{program} frozen")
            assert noticed < NOTICED_SECONDS
            if program != "console":
                expect(row).to_contain_text("host does not answer")
            _others_go_on(lab, admin, compute, one, "down" if program != "console" else "up")
            assert _is_busy(lab, "there") is (program in DOING)
        resumed = Stopwatch()
        _wait_until_done(lab, compute, two, verb)
        expect(row).not_to_contain_text("host does not answer")
        resumed.note(f"from SIGCONT to {program} of a host until all is up and what waited is done")
    wait_for(lambda: _broken(admin) == [], "the health page to be well", 60, pause=0.5)


@pytest.mark.usefixtures("guests")
@pytest.mark.parametrize("program", PROGRAMS)
def test_killed(lab: Lab, admin: Browserless, compute: Compute, one: Host, two: Host, program: str) -> None:
    with _nothing_is_done_twice(lab, "there"):
        verb = _ask(lab, admin, "there")
        killed = Stopwatch()
        two.kill_program(program)
        if program == "libvirtd":
            noticed = _wait_until_noticed(admin, compute, two, program, killed, f"{program} killed")
            assert noticed < NOTICED_SECONDS
            _others_go_on(lab, admin, compute, one, "down")
            killed = Stopwatch()
            two.start_libvirtd()
        else:
            _others_go_on(lab, admin, compute, one, "up")
        _wait_until_done(lab, compute, two, verb)
        killed.note(f"from the death, or the start, of {program} until all is up and what waited is done")
    wait_for(lambda: _broken(admin) == [], "the health page to be well", 60, pause=0.5)


def _ask(lab: Lab, admin: Browserless, name: str) -> str:
    """Ask for the other power state; return the verb."""
    verb = "force_stop" if lab.instance(name)["vm_state"] == "active" else "start"
    assert admin.act(lab, name, verb).status == 200
    return verb


def _wait_until_noticed(
    admin: Browserless, compute: Compute, host: Host, program: str, since: Stopwatch, what: str
) -> float:
    """Wait until the health page and the API say so; return the seconds."""
    line = f"{CHECKS[program]} on {host.name}"
    wait_for(lambda: line in _broken(admin), f"the health page to tell of {line}", 60, pause=0.3)
    if program != "console":
        wait_for(lambda: compute.states(host.name) == {"down"}, f"{host.name} to be down", 60, pause=0.3)
    return since.note(f"{what} until its host is unreachable for people and clients")


def _others_go_on(lab: Lab, admin: Browserless, compute: Compute, well: Host, other: str) -> None:
    """Every page answers, and the host that is well does what is asked of it, launches included."""
    there, here = lab.instance("there")["uuid"], lab.instance("here")["uuid"]
    pages = ["/", "/instances/", "/activity/", f"/instances/{there}/", f"/instances/{here}/log/text/"]
    assert {page: admin.get(page).status for page in pages} == dict.fromkeys(pages, 200)
    assert admin.get(f"/instances/{there}/log/text/").status in {200, 503}
    lab.do(admin, "here", "force_stop", "stopped")
    lab.do(admin, "here", "start", "active")
    assert compute.states(well.name) == {"up"}
    if other == "down":
        assert admin.launch(lab, "anywhere", image_id=lab.image("halting")).status == 200
        assert lab.wait_for_state("anywhere", "active")["uuid"] in well.guests()
        lab.do(admin, "anywhere", "purge", "deleted")


def _wait_until_done(lab: Lab, compute: Compute, host: Host, verb: str) -> None:
    lab.wait_for_state("there", "stopped" if verb == "force_stop" else "active", 90)
    wait_for(lambda: compute.states(host.name) == {"up"} and host.is_up(), f"{host.name} to be up", 90)


def _is_busy(lab: Lab, name: str) -> bool:
    return lab.instance(name)["task_state"] is not None


@contextmanager
def _nothing_is_done_twice(lab: Lab, name: str) -> Iterator[None]:
    """Inside, one operation is asked for; it succeeds, each of its steps once, and no other appears."""
    uuid = lab.instance(name)["uuid"]
    before = len(lab.operations(uuid))
    yield
    (operation,) = lab.operations(uuid)[before:]
    steps = [entry["name"] for entry in operation["timeline"]]
    assert operation["state"] == "succeeded"
    assert len(steps) == len(set(steps))


def _broken(admin: Browserless) -> list[str]:
    """Return the parts that the health page calls broken."""
    page = admin.get("/health/", **{"HX-Request": "true"}).text
    return re.findall(r'data-ok="no">.*?<strong>(.*?)</strong>', page, re.S)
