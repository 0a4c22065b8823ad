"""The image that shelving takes, and what becomes of it. Shelving itself: tests/life."""

from pathlib import Path

import pytest

from accounts.context import Context
from accounts.errors import NotFound
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import images
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.instance_actions import end
from tests.worker import work

pytestmark = pytest.mark.django_db
Status = Image.Status


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where images are kept."""
    monkeypatch.setattr(hosts, "IMAGES", tmp_path)


@pytest.fixture
def source(as_alice: Context) -> Instance:
    return factories.InstanceFactory(project=as_alice.project, name="web")


@pytest.fixture
def shelved(as_alice: Context, source: Instance) -> Image:
    """What a finished shelving of the source left."""
    operation = begin(as_alice, "instance.shelve", source.pk)
    assert operation is not None
    end(operation)
    return Image.objects.get(pk=operation.parameters["image"])


def test_shelving_takes_an_image(as_alice: Context, source: Instance, shelved: Image) -> None:
    source.refresh_from_db()
    assert (source.vm_state, source.shelved_image) == (VmState.SHELVED, shelved)
    assert (shelved.name, shelved.status, shelved.visibility) == ("web-shelved", Status.ACTIVE, "private")
    assert shelved not in images.list_launchable(as_alice), "nobody launches from it by mistake"
    assert images.get_launchable(as_alice, shelved.pk) == shelved


@pytest.mark.parametrize("verb", ["unshelve", "delete", "purge"])
def test_it_goes_when_the_instance_is_shelved_no_more(
    as_alice: Context, source: Instance, shelved: Image, verb: str
) -> None:
    end_of(source, verb)
    with pytest.raises(NotFound):
        images.get_visible(as_alice, shelved.pk)
    assert Instance.objects.get(pk=source.pk).shelved_image is None


def test_disks_that_stand_on_it_keep_it(as_alice: Context, source: Instance, shelved: Image) -> None:
    factories.InstanceFactory(project=as_alice.project, image=shelved)
    end_of(source, "unshelve")
    assert images.get_visible(as_alice, shelved.pk).status == Status.ACTIVE
    assert Instance.objects.get(pk=source.pk).shelved_image is None


def test_who_deleted_it_can_unshelve_all_the_same(
    as_alice: Context, source: Instance, shelved: Image
) -> None:
    images.delete(as_alice, shelved.pk)
    work()
    shelved.refresh_from_db()
    assert shelved.status == Status.DELETED
    end_of(source, "unshelve")
    assert Instance.objects.get(pk=source.pk).vm_state == VmState.ACTIVE


def end_of(instance: Instance, verb: str) -> None:
    """As when an operation of the verb has come to its end."""
    end(factories.OperationFactory(instance=instance, kind=f"instance.{verb}"))
