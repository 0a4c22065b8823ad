"""Everything that people do with an instance, on each of two hosts behind one portal."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from compute.engine.operations import Where, plans
from tests.browser import verbs
from tests.browser.verbs import Faults
from tests.clients.conftest import OpenStack
from tests.lab.lab import Host, Lab
from tests.stack import Browserless

BANNER = 15_000
"""Lit pixels of a screen with the guest's banner."""


@pytest.fixture(params=["lab-1", "lab-2"])
def host(request: pytest.FixtureRequest, lab: Lab) -> Host:
    return next(host for host in lab.hosts if host.name == request.param)


@pytest.fixture(scope="module")
def linux(lab: Lab, admin: Browserless) -> Iterator[None]:
    """On each host a tiny Linux called as its host; both boot at the same time."""
    names = [host.name for host in lab.hosts]
    for name in names:
        fields = {"image_id": lab.image("Tiny Linux"), "availability_zone": f"nova:{name}"}
        assert admin.launch(lab, name, **fields).status == 200
    for name in names:
        lab.wait_for_state(name, "active", 120)
    yield
    for name in names:
        lab.do(admin, name, "purge", "deleted")


@pytest.mark.usefixtures("linux")
def test_screen_serial_port_and_log_in_the_browser(
    lab: Lab, admin: Browserless, page: Page, faults: Faults, host: Host
) -> None:
    uuid = lab.instance(host.name)["uuid"]
    assert host.guests()[uuid]
    page.goto("/instances/")
    for other in lab.hosts:
        verbs.expect_status(page, other.name, "Running")

    page.goto(f"/instances/{uuid}/log/")
    log = page.locator("[data-log]")
    expect(log).to_contain_text(f"Host name:  {host.name}", timeout=120_000)

    page.goto(f"/instances/{uuid}/console/")
    verbs.wait_for_screen(page, BANNER)
    picture = admin.get(f"/instances/{uuid}/screenshot/")
    assert picture.body.startswith(b"\x89PNG"), picture.text

    page.goto(f"/instances/{uuid}/serial/")
    expect(page.locator("[data-console]")).to_have_attribute("data-state", "connected")
    page.keyboard.press("Enter")
    verbs.type_keys(page, "expr 6 \\* 7")
    page.keyboard.press("Enter")
    expect(page.locator(".xterm-accessibility")).to_contain_text("42")
    assert faults == []


def test_the_whole_life_of_an_instance_in_the_browser(
    lab: Lab, admin: Browserless, page: Page, faults: Faults, openstack: OpenStack, host: Host
) -> None:
    """All of it is clicked; the other host takes part only where an image from here starts there."""
    name, copy, image, again = (f"{what}-{host.name}" for what in ("life", "copy", "image", "again"))
    (elsewhere,) = (other for other in lab.hosts if other is not host)
    before = elsewhere.guests()
    with _closed(openstack, elsewhere):
        _launch(page, name, "halting")
        uuid = lab.instance(name)["uuid"]
        assert host.guests()[uuid]
        _do(page, name, "Stop", "Off")
        assert not host.guests()[uuid]
        _do(page, name, "Start", "Running")
        _ask(page, uuid, "clone", "Clone", copy)
        its_copy = lab.wait_for_state(copy, "active")["uuid"]
        assert host.guests()[its_copy]
    _ask(page, uuid, "take_image", "Take an image", image)
    page.goto("/images/")
    expect(page.locator("tr", has_text=image)).to_contain_text("Ready")
    _resize(page, uuid)
    assert lab.wait_for_state(name, "active")["ram_mib"] == 1024

    with _closed(openstack, host):
        _launch(page, again, image)
        assert list(elsewhere.guests().items() - before.items()) == [(lab.instance(again)["uuid"], True)]
        _delete_for_good(page, again)
    for instance in (name, copy):
        _delete_for_good(page, instance)
    assert uuid not in host.guests()
    assert elsewhere.guests() == before
    _worked_on(lab, host, uuid)
    assert faults == []


@contextmanager
def _closed(openstack: OpenStack, host: Host) -> Iterator[None]:
    """Inside, no instance is placed on the host."""
    openstack(f"compute service set --disable {host.name} nova-compute")
    try:
        yield
    finally:
        openstack(f"compute service set --enable {host.name} nova-compute")


def _launch(page: Page, name: str, image: str) -> None:
    page.goto("/instances/launch/")
    page.get_by_role("group", name="Boot from").get_by_text(image, exact=True).click()
    page.locator("#launch-sizes").get_by_text("tiny", exact=True).click()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("button", name="Launch instance").click()
    expect(page).to_have_url("/instances/")
    verbs.expect_status(page, name, "Running")


def _do(page: Page, name: str, action: str, status: str) -> None:
    page.goto("/instances/")
    with verbs.without_reload(page):
        verbs.act(page, name, action)
        verbs.expect_status(page, name, status)


def _ask(page: Page, uuid: str, verb: str, button: str, name: str) -> None:
    """Fill in the form of an action that makes something with a name."""
    page.goto(f"/instances/{uuid}/actions/{verb}/")
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.locator("#ask-form").get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name=name if verb == "clone" else "life")).to_be_visible()


def _resize(page: Page, uuid: str) -> None:
    page.goto(f"/instances/{uuid}/actions/resize/")
    page.locator("#launch-sizes").get_by_text("small", exact=True).click()
    summary = page.locator("#ask-summary")
    expect(summary.get_by_role("row", name="Memory")).to_contain_text("1 GiB")
    summary.get_by_role("button", name="Resize", exact=True).click()
    header = page.locator("#instance-header")
    with verbs.without_reload(page):
        header.get_by_role("button", name="Confirm the new size").click()
        expect(header.locator(".instance-title .state")).to_have_text("Running", use_inner_text=True)


def _delete_for_good(page: Page, name: str) -> None:
    page.goto("/instances/")
    verbs.act(page, name, "Delete")
    verbs.confirm(page, "Delete")
    expect(verbs.row(page, name)).to_be_hidden()
    page.goto("/recycle-bin/")
    verbs.row(page, name).get_by_role("button", name="Delete for good").click()
    verbs.confirm(page, "Delete for good", name=name)
    expect(verbs.row(page, name)).to_be_hidden()


def _worked_on(lab: Lab, host: Host, uuid: str) -> None:
    """Each step of each operation that a host must do was done by a worker of this one."""
    operations = lab.operations(uuid)
    assert {operation["state"] for operation in operations} == {"succeeded"}
    done = [
        (operation["kind"], entry["name"], entry["host"])
        for operation in operations
        for entry in operation["timeline"]
        if _where(operation["kind"], entry["name"]) == Where.HOST
    ]
    assert len({kind for kind, _step, _host in done}) >= 8
    assert {where for _kind, _step, where in done} == {host.name}, done


def _where(kind: str, name: str) -> Where:
    return next(step.where for step in plans[kind].steps if step.name == name)
