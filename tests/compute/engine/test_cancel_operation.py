"""Any operation that has not gone too far is cancelled from the activity, by whoever may begin its action."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.context import Context
from accounts.errors import Conflict, Forbidden, NotFound
from accounts.models import AuditEvent
from compute.engine.actions import cancelling
from compute.engine.models import Hold, Operation
from compute.images.models import Image
from compute.instances.models import Instance
from tests import factories
from tests.worker import run

pytestmark = pytest.mark.django_db
State = Operation.State


@pytest.fixture
def image(as_alice: Context) -> Image:
    return factories.ImageFactory(name="base", project=as_alice.project, visibility="private")


@pytest.fixture
def delivery(as_alice: Context, image: Image) -> Operation:
    return of_image(as_alice, image, "image.deliver", shared=True)


def of_image(context: Context, image: Image, kind: str, *, shared: bool = False) -> Operation:
    operation = factories.OperationFactory(
        instance=image,
        subject_type="image",
        project=context.project,
        kind=kind,
        state=State.RUNNING,
    )
    Hold.objects.filter(operation=operation).update(shared=shared)
    return operation


def page_of(context: Context, address: str) -> str:
    client = Client()
    client.force_login(context.user, backend="accounts.authentication.PasswordBackend")
    return client.get(address).content.decode()


def test_a_delivery_is_cancelled_from_the_activity(as_alice: Context, delivery: Operation) -> None:
    address = reverse("operation-cancel", args=[delivery.pk])
    assert address in page_of(as_alice, reverse("activity"))
    client = Client()
    client.force_login(as_alice.user, backend="accounts.authentication.PasswordBackend")
    answer = client.post(address, follow=True).content.decode()
    assert "Cancelling: base" in answer
    assert address not in answer, "once is enough"
    assert client.post(address).status_code == 409
    event = AuditEvent.objects.get(action="operation.cancel")
    assert (event.user_name, event.target_type, event.target_name) == ("alice", "image", "base")
    assert event.detail == {"operation": str(delivery.pk), "kind": "image.deliver"}
    assert run(delivery).state == State.CANCELLED


def test_a_deletion_in_line_is_cancelled_and_the_image_stays(as_alice: Context, image: Image) -> None:
    of_image(as_alice, image, "image.deliver", shared=True)
    Image.objects.update(task_state=Image.DELETING)
    deletion = of_image(as_alice, image, "image.delete")
    Operation.objects.filter(pk=deletion.pk).update(state=State.PENDING)
    cancelling.cancel(as_alice, deletion.pk)
    Operation.objects.filter(kind="image.deliver").update(state=State.SUCCEEDED)
    assert run(deletion).state == State.CANCELLED
    image.refresh_from_db()
    assert (image.status, image.task_state) == (Image.Status.ACTIVE, None)


def test_what_gave_way_to_a_deletion_does_not_come_back(as_alice: Context, image: Image) -> None:
    """The taking of the image was undone, so that there is no file."""
    Image.objects.update(status=Image.Status.SAVING, task_state=Image.DELETING)
    deletion = of_image(as_alice, image, "image.delete")
    cancelling.cancel(as_alice, deletion.pk)
    assert run(deletion).state == State.CANCELLED
    image.refresh_from_db()
    assert (image.status, image.task_state) == (Image.Status.DELETED, None)


def test_a_deletion_that_removes_the_file_cannot_be_cancelled(as_alice: Context, image: Image) -> None:
    deletion = of_image(as_alice, image, "image.delete")
    Operation.objects.update(step="file")
    assert cancelling.cancellable(as_alice, [Operation.objects.get()]) == set()
    with pytest.raises(Conflict, match="too far"):
        cancelling.cancel(as_alice, deletion.pk)


def test_who_may_cancel(as_alice: Context, as_ruth: Context, as_bob: Context, delivery: Operation) -> None:
    with pytest.raises(Forbidden, match="need the role “member”"):
        cancelling.cancel(as_ruth, delivery.pk)
    for key in (delivery.pk, "x", "", uuid.uuid4()):
        with pytest.raises(NotFound):
            cancelling.cancel(as_bob, key)
    assert reverse("operation-cancel", args=[delivery.pk]) not in page_of(as_ruth, reverse("activity"))
    Operation.objects.update(state=State.SUCCEEDED)
    with pytest.raises(Conflict, match="ended already"):
        cancelling.cancel(as_alice, delivery.pk)


def test_what_is_locked_stays(as_alice: Context, as_root: Context) -> None:
    operation = factories.OperationFactory(
        instance__project=as_alice.project, instance__locked=True, kind="instance.shelve", state=State.RUNNING
    )
    with pytest.raises(Conflict, match="locked"):
        cancelling.cancel(as_alice, operation.pk)
    assert cancelling.cancel(as_root, operation.pk) == operation


def test_an_instances_activity_offers_it_too(as_alice: Context) -> None:
    operation = factories.OperationFactory(
        instance__project=as_alice.project, kind="instance.shelve", state=State.RUNNING
    )
    page = page_of(as_alice, reverse("instance-activity", args=[operation.subject_id]))
    assert reverse("operation-cancel", args=[operation.pk]) in page


def test_a_list_costs_a_query_a_noun(as_alice: Context, image: Image) -> None:
    rows = [of_image(as_alice, image, "image.deliver", shared=True)]
    for count in (1, 5):
        instances = factories.InstanceFactory.create_batch(count, project=as_alice.project)
        rows += [
            factories.OperationFactory(instance=one, kind="instance.shelve", state=State.RUNNING)
            for one in instances
        ]
        with CaptureQueriesContext(connection) as queries:
            assert cancelling.cancellable(as_alice, rows) == {row.pk for row in rows}
        assert len(queries) == 2
    assert Instance.objects.count() == 6
