"""Waiting for an image: who begins a delivery, who joins one, and what each is told. The copying itself: tests/life."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Project
from compute.driver.storage.directory import DirectoryPool
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import Run, Wait
from compute.hosts.models import Hypervisor
from compute.hosts.services import pools
from compute.images.models import Image
from compute.images.services import delivery, image_users
from compute.instances.models import Instance
from tests import factories

pytestmark = pytest.mark.django_db
State = Operation.State


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryPool:
    """A pool of libvirt's own test driver, where the hosts of this test have their copies."""
    pool = DirectoryPool("test:///default", "default-pool", tmp_path)
    monkeypatch.setattr(pools, "own", lambda _host: pool)
    return pool


@pytest.fixture
def host(db: None) -> Hypervisor:
    return factories.HypervisorFactory(name="host-a")


@pytest.fixture
def image(db: None) -> Image:
    return factories.ImageFactory(name="base")


@pytest.fixture
def launching(host: Hypervisor, image: Image) -> Callable[[Project], Run]:
    """A launch that a worker has taken up, come to the step that waits for the image."""

    def begin(project: Project) -> Run:
        instance = factories.InstanceFactory(project=project, hypervisor=host, image=image)
        operation = factories.OperationFactory(instance=instance, kind="instance.launch", host=host)
        operation.holds.create(resource_type="image", resource_id=image.pk, shared=True)
        run = Run.claim(str(operation.pk))
        assert run is not None
        began = timezone.now().isoformat(timespec="milliseconds")
        run.write(step=delivery.STEP, timeline=[{"name": delivery.STEP, "label": "", "began": began}])
        return run

    return begin


def wait(run: Run, image: Image, host: Hypervisor) -> None:
    with pytest.raises(Wait):
        delivery.wait_for_copy(run, image, host)
    run.release(until=timezone.now() + timedelta(seconds=30))


def deliveries() -> list[Operation]:
    return list(Operation.objects.filter(kind=delivery.KIND).order_by("created_at"))


def end(state: str, error: dict[str, str] | None = None) -> None:
    """The delivery at work ends so."""
    rows = Operation.objects.open().filter(kind=delivery.KIND)
    assert rows.update(state=state, error=error, finished_at=timezone.now()) == 1


@pytest.mark.usefixtures("pool")
def test_two_launches_share_one_delivery(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project, red: Project
) -> None:
    first, second = launching(blue), launching(red)
    wait(first, image, host)
    wait(second, image, host)
    wait(first, image, host)
    (only,) = deliveries()
    assert (only.subject_id, only.host, only.project) == (image.pk, host, blue)
    other = factories.HypervisorFactory()
    wait(second, image, other)
    assert [row.host for row in deliveries()] == [host, other], "each host has its own"


@pytest.mark.usefixtures("pool")
def test_how_far_it_is_shows_on_all_that_wait(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project
) -> None:
    first, second, at_work, elsewhere = (launching(blue) for _number in range(4))
    for run in (first, second, elsewhere):
        wait(run, image, host)
    Operation.objects.filter(pk=elsewhere.operation.pk).update(host=factories.HypervisorFactory())
    operations.show_progress(image.pk, host.pk, delivery.STEP, {"done": 1, "total": 4, "unit": "bytes"})
    shown = Operation.objects.filter(progress__done=1)
    assert set(shown) == {first.operation, second.operation}
    assert at_work.operation not in shown, "it says itself how far it is"


@pytest.mark.usefixtures("pool")
def test_that_it_failed_is_told_to_both(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project, red: Project
) -> None:
    first = launching(blue)
    wait(first, image, host)
    second = launching(red)
    wait(second, image, host)
    end(State.FAILED, {"code": "storageFull", "message": "The pool is full."})
    for run in (first, second):
        with pytest.raises(Conflict, match=r"base was not copied: The pool is full\."):
            delivery.wait_for_copy(run, image, host)
    assert len(deliveries()) == 1


@pytest.mark.usefixtures("pool")
def test_what_failed_before_is_tried_again(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project
) -> None:
    wait(launching(blue), image, host)
    end(State.FAILED)
    Operation.objects.filter(kind=delivery.KIND).update(finished_at=timezone.now() - timedelta(minutes=1))
    wait(launching(blue), image, host)
    assert len(deliveries()) == 2


@pytest.mark.usefixtures("pool")
def test_cancelled_by_its_own_project_it_ends_the_launch_but_no_other_projects(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project, red: Project
) -> None:
    first, second = launching(blue), launching(red)
    wait(first, image, host)
    wait(second, image, host)
    end(State.CANCELLED)
    with pytest.raises(Conflict, match="was cancelled"):
        delivery.wait_for_copy(first, image, host)
    wait(second, image, host)
    assert [row.project for row in deliveries()] == [blue, red]


def test_a_copy_that_was_lost_since_is_brought_again(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project, pool: DirectoryPool
) -> None:
    run = launching(blue)
    wait(run, image, host)
    end(State.SUCCEEDED)
    wait(run, image, host)
    assert [row.state for row in deliveries()] == [State.SUCCEEDED, State.PENDING]


@pytest.mark.usefixtures("pool")
def test_an_image_deleted_meanwhile_is_not_delivered(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project
) -> None:
    run = launching(blue)
    Image.objects.update(task_state=Image.DELETING)
    with pytest.raises(Conflict, match="deleted meanwhile"):
        delivery.wait_for_copy(run, image, host)
    assert deliveries() == []


@pytest.mark.usefixtures("pool")
def test_a_delivery_alone_is_no_user_of_the_image(
    launching: Callable[[Project], Run], image: Image, host: Hypervisor, blue: Project
) -> None:
    run = launching(blue)
    wait(run, image, host)
    assert image_users.names(image) == [run.operation.subject_name]
    run.operation.holds.all().delete()
    Operation.objects.filter(pk=run.operation.pk).update(state=State.CANCELLED)
    Instance.objects.all().delete()
    assert image_users.names(image) == []
