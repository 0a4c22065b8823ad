"""Forms of actions: attaching from both sides, extending, editing, resetting the status."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, Quota, User
from compute.hosts.models import Pool
from compute.instances.states import VmState
from compute.volumes.states import VolumeState
from tests import factories
from tests.portal.test_routes import signed_in
from tests.portal.volumes.pages import text

pytestmark = pytest.mark.django_db


def test_attaching_offers_instances_and_says_why_not_others(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="data")
    assert volume.disk is not None
    host = volume.disk.pool.hosts.get()
    web = factories.InstanceFactory(project=blue, name="web", hypervisor=host)
    factories.InstanceFactory(project=blue, name="paused", hypervisor=host, vm_state=VmState.SUSPENDED)
    factories.InstanceFactory(project=blue, name="far", hypervisor=factories.HypervisorFactory())
    address = f"/volumes/{volume.pk}/actions/attach/"
    page = text(browser.get(address))
    assert f'value="{web.pk}"' in page
    assert "<strong>paused</strong> Not possible in the state “Suspended”." in page
    assert "<strong>far</strong> The volume lies in" in page
    answer = browser.post(address, {"instance": ""})
    assert answer.status_code == 400
    assert "Choose an instance." in text(answer)
    answer = browser.post(address, {"instance": str(web.pk), "delete_on_termination": "on"})
    assert answer.headers["Location"] == f"/volumes/{volume.pk}/"
    attachment = volume.attachments.get()
    assert (attachment.instance, attachment.delete_on_termination) == (web, True)


def test_the_choice_of_instances_costs_a_constant_number_of_queries(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue)
    assert volume.disk is not None
    host, costs = volume.disk.pool.hosts.get(), set()
    for _round in range(3):
        factories.InstanceFactory(project=blue, hypervisor=host)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/volumes/{volume.pk}/actions/attach/")
        costs.add(len(queries))
    assert len(costs) == 1


def test_an_instance_chooses_among_available_volumes(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="data")
    assert volume.disk is not None
    host = volume.disk.pool.hosts.get()
    web = factories.InstanceFactory(project=blue, name="web", hypervisor=host)
    factories.AttachmentFactory(instance=web, volume__name="has-it")
    factories.VolumeFactory(project=blue, name="far")
    address = f"/instances/{web.pk}/attach-volume/"
    assert f'href="{address}"' in text(browser.get(f"/instances/{web.pk}/"))
    page = text(browser.get(address))
    assert f'value="{volume.pk}"' in page
    assert "<strong>far</strong> The volume lies in" in page
    assert "has-it" not in page
    assert "Choose a volume." in text(browser.post(address, {}))
    assert browser.post(address, {"volume": str(uuid4())}).status_code == 404
    answer = browser.post(address, {"volume": str(volume.pk)})
    assert answer.headers["Location"] == f"/instances/{web.pk}/"
    page = text(browser.get(f"/instances/{web.pk}/"))
    assert f'<a href="/volumes/{volume.pk}/">data</a>' in page
    assert "Attaching" in page


def test_the_card_of_an_instance_detaches(browser: Client, ruth: User, blue: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    volume = factories.AttachmentFactory(instance=web, volume__name="data").volume
    page = text(browser.get(f"/instances/{web.pk}/"))
    assert "/dev/vdb" in page
    assert f'hx-post="/volumes/{volume.pk}/actions/detach/"' in page
    page = text(signed_in(ruth).get(f"/instances/{web.pk}/"))
    assert "/dev/vdb" in page
    assert "/actions/detach/" not in page
    assert "attach-volume" not in page


def test_extending_says_what_the_quota_leaves(browser: Client, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="gigabytes", limit=5)
    volume = factories.VolumeFactory(project=blue, name="data", size_gib=2)
    Pool.objects.update(capacity_bytes=100 * 2**30)
    address = f"/volumes/{volume.pk}/actions/extend/"
    page = text(browser.get(address))
    assert "Now 2 GiB. The quota leaves 3 GiB more." in page
    assert 'value="3"' in page
    refused = browser.post(address, {"size": "2"})
    assert refused.status_code == 400
    assert "Give more than the present 2 GiB." in text(refused)
    refused = browser.post(address, {"size": "9"})
    assert refused.status_code == 403
    assert "Not enough quota for Disk" in text(refused)
    assert "Request 4 GiB of disk more" in text(refused)
    assert browser.post(address, {"size": "5"}).status_code == 302
    volume.refresh_from_db()
    assert volume.size_gib == 5


def test_administrators_reset_the_status(browser: Client, root: User, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, status=VolumeState.ERROR)
    address = f"/volumes/{volume.pk}/actions/reset_status/"
    assert browser.get(address).status_code == 403
    client = signed_in(root)
    assert '<option value="available" selected>Available</option>' in text(client.get(address))
    assert client.post(address, {"status": "available"}).status_code == 302
    volume.refresh_from_db()
    assert volume.status == VolumeState.AVAILABLE


def test_editing_clears_a_description(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="data", description="old")
    address = f"/volumes/{volume.pk}/actions/update/"
    assert "old" in text(browser.get(address))
    assert browser.post(address, {"name": "data", "description": ""}).status_code == 302
    volume.refresh_from_db()
    assert volume.description == ""
