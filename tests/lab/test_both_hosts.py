"""Everything that people do with an instance, on each of two hosts behind one portal."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from compute.engine.operations import Where, plans
from tests.browser import verbs
from tests.browser.verbs import Faults
from tests.lab.lab import Host, Lab
from tests.stack import Browserless, wait_for

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


def test_the_whole_life_of_an_instance(lab: Lab, admin: Browserless, host: Host) -> None:
    name, copy, image = f"life-{host.name}", f"copy-{host.name}", f"image-{host.name}"
    (elsewhere,) = (other for other in lab.hosts if other is not host)
    before = elsewhere.guests()
    uuid = lab.launch(admin, name, host)["uuid"]
    assert host.guests()[uuid]
    lab.do(admin, name, "stop", "stopped")
    assert not host.guests()[uuid]
    lab.do(admin, name, "start", "active")
    lab.do(admin, name, "clone", "active", name=copy)
    assert host.guests()[lab.wait_for_state(copy, "active")["uuid"]]
    lab.do(admin, name, "take_image", "active", name=image)
    wait_for(lambda: _status(lab, image) == "active", f"the image {image}")
    lab.do(admin, name, "resize", "resized", flavor_id="2")
    assert lab.do(admin, name, "confirm_resize", "active")["ram_mib"] == 1024

    from_image = f"again-{host.name}"
    lab.launch(admin, from_image, elsewhere, image)  # an image taken on one host starts on the other
    lab.do(admin, from_image, "purge", "deleted")
    lab.do(admin, name, "delete", "soft-delete")
    for instance in (name, copy):
        lab.do(admin, instance, "purge", "deleted")
    assert uuid not in host.guests()
    assert elsewhere.guests() == before
    _worked_on(lab, host, uuid)


def _status(lab: Lab, image: str) -> str:
    rows = lab.rows("select status from compute_image where name = ?", image)
    return str(rows[0]["status"])


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
