"""What taking an image writes, how it ends, and who may do what with it. The copying itself: tests/life."""

import subprocess

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Forbidden, NotFound, OverQuota
from accounts.models import AuditEvent, Project, Quota
from accounts.services import quotas
from compute.engine import operations
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import image_files, images
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import TaskState, VmState
from tests import factories
from tests.compute.images.own_images import own
from tests.instance_actions import end
from tests.worker import run, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
State, Status = Operation.State, Image.Status


@pytest.fixture
def source(as_alice: Context) -> Instance:
    properties = {"hw_disk_bus": "scsi", "os_distro": "debian", "hw_note": "new", "other": "not ours"}
    base = factories.ImageFactory(properties=properties, min_ram_mib=64, default_user="me", os_type="linux")
    return factories.InstanceFactory(
        project=as_alice.project,
        name="web",
        image=base,
        disk_gib=3,
        hardware={"flavor": {}, "image": {"hw_disk_bus": "sata"}},
    )


def take(context: Context, source: Instance, **parameters: object) -> tuple[Image, Operation]:
    operation = begin(context, "instance.take_image", source.pk, parameters={"name": "copy"} | parameters)
    assert operation is not None
    return Image.objects.get(pk=operation.parameters["image"]), operation


def test_the_row_is_there_at_once(as_alice: Context, source: Instance) -> None:
    image, operation = take(as_alice, source, metadata={"team": "blue"})
    assert (image.name, image.status, image.visibility) == ("copy", Status.QUEUED, "private")
    assert (image.project, image.taken_from) == (as_alice.project, source)
    assert (image.min_disk_gib, image.min_ram_mib) == (3, 64)
    assert (image.os_type, image.default_user) == ("linux", "me")
    source.refresh_from_db()
    assert (source.vm_state, source.task_state) == (VmState.ACTIVE, TaskState.IMAGE_SNAPSHOT)
    assert AuditEvent.objects.get(action="instance.take_image").detail["name"] == "copy"
    assert image in images.list_visible(as_alice)
    assert image not in images.list_launchable(as_alice), "nobody launches from half an image"
    assert image.open_operation == source.open_operation == operation, "its progress shows on both"


def test_its_properties_tell_of_guest_and_origin(as_alice: Context, source: Instance) -> None:
    """Of what shapes guests, what the instance was launched with; what is given counts most."""
    image, _operation = take(as_alice, source, metadata={"team": "blue", "os_distro": "mine"})
    assert image.properties == {
        "hw_disk_bus": "sata",
        "hw_note": "new",
        "os_distro": "mine",
        "team": "blue",
        "image_type": "snapshot",
        "base_image_ref": str(source.image_id),
        "instance_uuid": str(source.pk),
    }


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"metadata": []}, None),
        ({"metadata": "x"}, "metadata"),
        ({"metadata": {"": "x"}}, "metadata"),
        ({"metadata": {"x": "y" * 256}}, "metadata"),
        ({"metadata": {"hw_disk_bus": "floppy"}}, "metadata"),
    ],
)
def test_wrong_inputs_name_their_field(
    as_alice: Context, source: Instance, wrong: dict[str, object], field: str | None
) -> None:
    if field is None:
        take(as_alice, source, **wrong)
        return
    with pytest.raises(BadInput) as refused:
        take(as_alice, source, **wrong)
    assert set(refused.value.fields) == {field}
    assert Image.objects.count() == 1


def test_metadata_has_a_quota(as_alice: Context, source: Instance) -> None:
    Quota.objects.create(project=as_alice.project, resource="metadata_items", limit=1)
    with pytest.raises(OverQuota):
        take(as_alice, source, metadata={"a": "1", "b": "2"})
    assert Image.objects.count() == 1


def test_readers_take_none(as_ruth: Context, source: Instance) -> None:
    with pytest.raises(Forbidden):
        take(as_ruth, source)
    assert Image.objects.count() == 1


def test_a_copying_that_fails_leaves_no_image(as_alice: Context, source: Instance) -> None:
    """The source has no host here, so there is nothing to copy."""
    image, operation = take(as_alice, source)
    assert run(operation).state == State.FAILED
    assert image not in images.list_visible(as_alice)
    source.refresh_from_db()
    assert (source.vm_state, source.task_state) == (VmState.ACTIVE, None)
    assert source.fault is not None
    assert Image.objects.get(pk=image.pk).status == Status.DELETED


def test_cancelled_it_leaves_nothing(as_alice: Context, source: Instance) -> None:
    image, operation = take(as_alice, source)
    begin(as_alice, "instance.cancel", source.pk)
    assert run(operation).state == State.CANCELLED
    with pytest.raises(NotFound):
        images.get_visible(as_alice, image.pk)
    source.refresh_from_db()
    assert (source.task_state, source.fault) == (None, None)


def test_deleting_the_image_ends_the_taking(as_alice: Context, source: Instance) -> None:
    """Its file stays the operation's until that has let go."""
    image, operation = take(as_alice, source)
    images.delete(as_alice, image.pk)
    deletion = Operation.objects.get(kind="image.delete")
    assert list(operations.due()) == [operation], "the deletion waits"
    assert run(operation).state == State.CANCELLED
    assert list(operations.due()) == [deletion]
    image.refresh_from_db()
    assert (image.status, image.task_state) == (Status.QUEUED, Image.DELETING)
    assert run(deletion).state == State.SUCCEEDED
    image.refresh_from_db()
    assert (image.status, image.task_state) == (Status.DELETED, None)
    source.refresh_from_db()
    assert (source.task_state, source.fault) == (None, None)


def test_deleting_the_instance_ends_the_taking(as_alice: Context, source: Instance) -> None:
    image, operation = take(as_alice, source)
    begin(as_alice, "instance.purge", source.pk)
    assert run(operation).state == State.CANCELLED
    assert run(Operation.objects.on(source.pk).get(kind="instance.purge")).state == State.SUCCEEDED
    assert Image.objects.get(pk=image.pk).status == Status.DELETED


def test_what_has_come_to_its_end_is_not_given_back(as_alice: Context, source: Instance) -> None:
    """Deleted between the last step and the end."""
    image, operation = take(as_alice, source)
    images.delete(as_alice, image.pk)
    end(operation)
    image.refresh_from_db()
    assert (image.status, image.task_state) == (Status.ACTIVE, Image.DELETING), "its deletion is in line"
    assert image not in images.list_visible(as_alice)
    work()
    image.refresh_from_db()
    assert image.status == Status.DELETED


def test_backups_of_one_type_take_turns(as_alice: Context, source: Instance) -> None:
    """Older ones of the type go once the new one is ready; other types, images and instances have their own."""
    elsewhere = factories.InstanceFactory(project=as_alice.project)
    daily, weekly = {"type": "daily", "rotation": 2}, {"type": "weekly", "rotation": 1}
    take(as_alice, elsewhere, backups=daily)
    kept = [take_whole(as_alice, source, name="own"), take_whole(as_alice, source, name="w", backups=weekly)]
    days = [take_whole(as_alice, source, name=f"day {day}", backups=daily) for day in range(3)]
    work("image.delete")
    assert set(source.images_taken.filter(status=Status.ACTIVE)) == {*kept, *days[1:]}
    assert days[2].properties["image_type"] == "backup"
    assert Image.objects.get(pk=days[0].pk).status == Status.DELETED
    event, _end = AuditEvent.objects.filter(action="image.delete").order_by("pk")
    assert (event.target_name, event.detail) == ("day 0", {"reason": "backups of type daily keep 2"})


def test_a_rotation_of_none_keeps_none(as_alice: Context, source: Instance) -> None:
    take_whole(as_alice, source, backups={"type": "daily", "rotation": 0})
    work("image.delete")
    assert not source.images_taken.filter(status=Status.ACTIVE).exists()


def take_whole(context: Context, source: Instance, **parameters: object) -> Image:
    """As if the copying were done."""
    image, operation = take(context, source, **parameters)
    end(operation)
    return image


def test_asked_twice_with_one_key_it_takes_one(as_alice: Context, source: Instance) -> None:
    for _ in range(2):
        begin(as_alice, "instance.take_image", source.pk, parameters={"name": "copy"}, idempotency_key="key")
    assert Image.objects.filter(taken_from=source).count() == 1


# ── Quota ────────────────────────────────────────────────────────────────────────────────────────
def used(project: Project) -> dict[str, int]:
    return {
        row.resource.name: row.used for row in quotas.project_usage(project) if "image" in row.resource.name
    }


def test_images_count_from_their_beginning(as_alice: Context, source: Instance) -> None:
    own(as_alice, size=2**20 + 1)
    own(as_alice, size=2**20, status=Status.DELETED)
    factories.ImageFactory(size=2**30)
    assert used(source.project) == {"image_count_total": 1, "image_size_total": 2}
    image, _operation = take(as_alice, source)
    assert image.user == as_alice.user
    assert used(source.project) == {"image_count_total": 2, "image_size_total": 2}


@pytest.mark.parametrize("verb", ["take_image", "shelve"])
@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("image_count_total", "Not enough quota for Images: 1 requested, 0 of 1 available."),
        ("image_size_total", "Not enough quota for Image storage: 1 MiB requested, 0 of 1 MiB available."),
    ],
)
def test_a_full_quota_refuses_further_ones(
    as_alice: Context, source: Instance, verb: str, resource: str, said: str
) -> None:
    own(as_alice, size=2**20)
    Quota.objects.create(project=as_alice.project, resource=resource, limit=1)
    with pytest.raises(OverQuota) as refused:
        begin(as_alice, f"instance.{verb}", source.pk)
    assert str(refused.value) == said
    assert (refused.value.shortages[0].left, Image.objects.filter(taken_from=source).count()) == (0, 0)


def test_one_that_turns_out_too_large_is_given_up(as_alice: Context, source: Instance) -> None:
    """Nobody knows before the copy is there."""
    image, operation = take(as_alice, source)
    copied = {"name": "copy_disk", "label": "", "began": "now", "ended": "now", "undone": None}
    Operation.objects.filter(pk=operation.pk).update(timeline=[copied])
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image_files.draft_of(image), "1G"], check=True)
    with image_files.draft_of(image).open("ab") as file:
        file.truncate(3 * 2**20)
    Quota.objects.create(project=as_alice.project, resource="image_size_total", limit=2)
    ended = run(operation)
    assert ended.state == State.FAILED
    assert (
        ended.error["message"] == "Not enough quota for Image storage: 3 MiB requested, 2 of 2 MiB available."
    )
    assert not image_files.draft_of(image).exists()
    assert used(source.project) == {"image_count_total": 0, "image_size_total": 0}
