"""Making an image of something else's disk: its row is made in `prepare`, and ends with the operation."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext_noop

from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.operations import Cancelled, Run, Step, queue
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import image_files, image_quota

Status = Image.Status
IMAGE = "image"
"""The parameter with the id of the image that is made."""


class StoreImage(Step):
    """Inspect the file that an earlier step made, as every image's, and store it with its sizes and its digest."""

    name: ClassVar[str] = "describe"
    label: ClassVar[str] = gettext_noop("Store the image")

    def do(self, run: Run) -> None:
        """Reserve the size, which is known only now. Raise OverQuota."""
        image, project = image_of(run), run.subject.project
        if not image.checksum or not image_files.has_file(image):
            facts = image_files.measure(image_files.draft_of(image), run.progress, image.disk_format)
            image_files.store_draft(image, run.progress)
            with transaction.atomic():
                image_quota.reserve(project, image.user, size=facts["size"] - image.size)
                transitions.change(image, **facts)
        image_files.remove_draft(image)


class MakesImage(Action):
    """An action that makes an image, whose id `prepare` returns as a parameter."""

    def also(self, row: Any, parameters: dict[str, Any]) -> Iterable[Image]:
        return [Image.objects.get(pk=parameters[IMAGE])]

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        image = result_image(operation)
        task_state = image.task_state if queue.is_awaited(operation, image.pk) else None
        transitions.settle(image, Status.ACTIVE, task_state=task_state)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        _delete_image(operation)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        _delete_image(operation)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        _delete_image(operation)


def _delete_image(operation: Operation) -> None:
    """Mark the image as deleted, unless an operation that deletes it waits."""
    image = result_image(operation)
    if not queue.is_awaited(operation, image.pk):
        transitions.settle(image, Status.DELETED)


def result_image(operation: Operation) -> Image:
    return Image.objects.get(pk=operation.parameters[IMAGE])


def image_of(run: Run) -> Image:
    """Return the image that the run makes. Raise Cancelled if it was deleted meanwhile."""
    image = result_image(run.operation)
    if image.status == Status.DELETED:
        raise Cancelled
    return image
