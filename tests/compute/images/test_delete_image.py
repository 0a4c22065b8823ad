"""Who sees which image, what deleting one does, and what stands in its way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden, NotFound
from accounts.models import AuditEvent
from accounts.services import project_contents
from compute.engine import operations
from compute.engine.models import Operation
from compute.hosts.services import pools
from compute.images.models import Image
from compute.images.services import image_files, images
from compute.instances.actions import begin
from compute.instances.actions import launch as launch_module
from compute.instances.actions.launch import LaunchRequest, launch
from compute.instances.models import Instance
from compute.instances.services import launch_request
from compute.instances.states import VmState
from tests import factories
from tests.compute.images.own_images import own
from tests.instance_actions import end
from tests.worker import work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
State, Status = Operation.State, Image.Status


def test_a_deleted_image_is_gone_with_its_file(as_alice: Context, folder: Path) -> None:
    image = own(as_alice, name="old")
    images.delete(as_alice, image.pk)
    for look in (images.get_visible, images.get_launchable, images.delete):
        with pytest.raises(NotFound):
            look(as_alice, image.pk)
    event = AuditEvent.objects.get()
    assert (event.action, event.target_type, event.target_name) == ("image.delete", "image", "old")
    work()
    assert Image.objects.get().status == Status.DELETED
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("ending", "status"), [("failed", Status.ERROR), ("cancelled", Status.DELETED)])
def test_what_was_still_being_made_does_not_come_back(as_alice: Context, ending: str, status: str) -> None:
    """Its making gave way to the deletion, so nobody would finish it."""
    image = own(as_alice, status=Status.SAVING, task_state=Image.DELETING)
    deletion = factories.OperationFactory(
        kind="image.delete",
        subject_type="image",
        subject_id=image.pk,
        error={"code": "internal", "message": "No."},
        cancel_requested=ending == "cancelled",
    )
    end(deletion, ending)
    image.refresh_from_db()
    assert (image.status, image.task_state) == (status, None)


@pytest.mark.parametrize("state", [VmState.ACTIVE, VmState.SHELVED, VmState.ERROR, VmState.SOFT_DELETED])
@pytest.mark.parametrize("column", ["image", "rescue_image"])
def test_what_disks_stand_on_stays(as_alice: Context, state: VmState, column: str) -> None:
    image = own(as_alice, name="base")
    above = factories.InstanceFactory(project=as_alice.project, name="web", vm_state=state, **{column: image})
    with pytest.raises(Conflict, match="base is in use: the disks of web stand on it"):
        images.delete(as_alice, image.pk)
    Instance.objects.filter(pk=above.pk).update(vm_state=VmState.DELETED)
    images.delete(as_alice, image.pk)
    work()
    image.refresh_from_db()
    assert (image.status, image_files.draft_of(image).exists()) == (Status.DELETED, False)


def test_what_an_instance_is_being_rebuilt_to_stays(as_alice: Context) -> None:
    image, web = own(as_alice), factories.InstanceFactory(project=as_alice.project)
    begin(as_alice, "instance.rebuild", web.pk, parameters={"image_id": str(image.pk)})
    with pytest.raises(Conflict):
        images.delete(as_alice, image.pk)


def test_what_is_about_to_be_launched_from_stays(
    as_alice: Context, request_for: Callable[..., LaunchRequest]
) -> None:
    image = own(as_alice)
    (web,) = launch(as_alice, request_for(image_id=str(image.pk)))
    with pytest.raises(Conflict, match=f"the disks of {web.name} stand on it"):
        images.delete(as_alice, image.pk)
    assert not images.discard_unused(image.pk, "test")
    assert image_files.draft_of(image).exists()


def test_what_comes_after_a_deletion_waits_for_it_and_is_told(
    as_alice: Context, request_for: Callable[..., LaunchRequest]
) -> None:
    """The image was chosen before the deletion began, and the launch is written after it."""
    image = own(as_alice)
    wish = request_for(image_id=str(image.pk))
    checked = launch_request.check(as_alice, wish)
    images.delete(as_alice, image.pk)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch_module, "check", lambda _context, _wish: checked)
        (web,) = launch(as_alice, wish)
    waiting = Operation.objects.on(web.pk).get()
    assert waiting not in operations.due()
    work()
    with pytest.raises(Conflict, match="was deleted meanwhile"):
        images.bring(image, pools.own(factories.HypervisorFactory()), lambda _done, _total: None)
    assert Operation.objects.get(pk=waiting.pk).state == State.FAILED


def test_who_may_delete_what(
    as_alice: Context, as_bob: Context, as_ruth: Context, as_max: Context, as_root: Context
) -> None:
    mine, public = own(as_alice), factories.ImageFactory()
    for asker, image, refusal in (
        (as_bob, mine, NotFound),
        (as_ruth, mine, Forbidden),
        (as_ruth, public, Forbidden),
        (as_alice, public, Forbidden),
        (as_max, public, Forbidden),
    ):
        with pytest.raises(refusal):
            images.delete(asker, image.pk)
    assert not Operation.objects.exists()
    images.delete(as_max, mine.pk)
    images.delete(as_root, public.pk)


def test_foreign_images_are_unknown_everywhere(
    as_alice: Context, as_bob: Context, request_for: Callable[..., LaunchRequest]
) -> None:
    image = own(as_alice)
    assert image in images.list_launchable(as_alice)
    assert image not in [*images.list_launchable(as_bob), *images.list_visible(as_bob)]
    for look in (images.get_launchable, images.get_visible, images.delete):
        with pytest.raises(NotFound):
            look(as_bob, image.pk)
    with pytest.raises(BadInput) as refused:
        launch(as_bob, request_for(image_id=str(image.pk)))
    assert set(refused.value.fields) == {"image_id"}
    his = factories.InstanceFactory(project=as_bob.project)
    for verb in ("rebuild", "rescue"):
        with pytest.raises(BadInput):
            begin(as_bob, f"instance.{verb}", his.pk, parameters={"image_id": str(image.pk)})


def test_without_a_project_only_public_ones_are_seen(as_alice: Context) -> None:
    factories.ImageFactory(visibility="private")  # retired, nobody's
    public = factories.ImageFactory()
    nowhere = Context(user=as_alice.user, project=None, roles=as_alice.roles)
    assert images.list_visible(nowhere) == [public]


@pytest.mark.parametrize("key", ["", "x", None, "00000000-0000-0000-0000-000000000000", "\0", 7])
def test_ids_of_none(as_alice: Context, key: object) -> None:
    for look in (images.get_launchable, images.get_visible, images.delete):
        with pytest.raises(NotFound):
            look(as_alice, key)


def test_a_project_holds_images_that_were_not_deleted(as_alice: Context) -> None:
    assert as_alice.project is not None
    image = own(as_alice, name="kept")
    assert "kept" in project_contents.describe(as_alice.project.pk)
    elsewhere = factories.InstanceFactory(image=image, vm_state=VmState.DELETED)  # by an administrator
    images.delete(as_alice, image.pk)
    work()
    assert "kept" not in project_contents.describe(as_alice.project.pk)
    project_contents.forget(as_alice.project.pk)
    elsewhere.refresh_from_db()
    assert (elsewhere.image, Image.objects.exists()) == (None, False)
