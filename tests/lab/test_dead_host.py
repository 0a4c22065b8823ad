"""A host loses its power: what is on it is known to be away, and whatever was asked of it is done when it is back."""

from playwright.sync_api import Page, expect

from tests.browser import verbs
from tests.lab.api import Compute
from tests.lab.figures import Stopwatch
from tests.lab.lab import Host, Lab
from tests.stack import Browserless, wait_for

AWAY = "Its host does not answer."


def test_the_power_of_a_host_fails(lab: Lab, admin: Browserless, one: Host, two: Host, page: Page) -> None:
    compute = Compute(lab)
    doomed, kept = (lab.launch(admin, name, two)["uuid"] for name in ("doomed", "kept"))
    two.kill()
    dead = Stopwatch()
    wait_for(lambda: compute.states(two.name) == {"down"}, "the host to be down", 60, pause=0.3)
    assert dead.note("from the power cut of a host until it is unreachable") < 20

    for name in ("doomed", "kept"):
        assert lab.instance(name)["vm_state"] == "active"
    page.goto("/instances/")
    expect(verbs.row(page, "doomed")).to_contain_text(AWAY)
    page.goto(f"/instances/{kept}/")
    expect(page.get_by_role("alert")).to_contain_text(AWAY)
    assert admin.get(f"/instances/{kept}/log/text/").status == 503
    assert compute.get(f"servers/{kept}")["server"]["host_status"] == "DOWN"

    assert admin.act(lab, "doomed", "purge").status == 200
    survivor = lab.launch(admin, "survivor", one)["uuid"]
    lab.do(admin, "survivor", "purge", "deleted")
    assert survivor not in one.guests()
    assert lab.instance("doomed")["vm_state"] == "active", "nobody else deletes what is on a dead host"
    assert f"{two.name}: host could not be compared" in lab.audit()

    two.start()
    started = Stopwatch()
    lab.wait_for_state("doomed", "deleted", 120)
    two.wait()
    started.note("from the boot of a dead host until it is up and the deletion that waited is done")
    lab.wait_for_state("kept", "stopped", 60)
    assert two.guests() == {kept: False}
    assert doomed not in two.guests()
    lab.do(admin, "kept", "start", "active")
    lab.do(admin, "kept", "purge", "deleted")
