"""Deliver: copy an image into a host's pool, once for all operations that wait for it there."""

from typing import ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from compute.engine import operations
from compute.engine.actions import auditing
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.hosts.services import pools
from compute.images.models import Image
from compute.images.services import delivery, images

Status = Image.Status


class CopyToPool(Step):
    """Copy the file into the pool of the operation's host, and show the progress to all that wait."""

    name: ClassVar[str] = "copy"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        image, host = run.subject, delivery.host_of(run.operation)

        def progress(done: int, total: int) -> None:
            if run.progress(done, total):
                operations.show_progress(image.pk, host.pk, delivery.STEP, run.operation.progress)

        images.bring(image, pools.own(host), progress)

    def undo(self, run: Run) -> None:
        """Remove what a worker that died has written of a copy; a whole one serves whoever comes next."""
        image, pool = run.subject, pools.own(delivery.host_of(run.operation))
        if pool.stat(image.volume_name) is None:
            pool.delete(image.volume_name)


class Deliver(Action):
    """Copy an image to a host. Begun by `compute.images.services.delivery`, never by people."""

    noun = "image"
    verb = "deliver"
    label = gettext_lazy("Bring to a host")
    icon = "truck-delivery"
    order = 0
    move = Move(start=frozenset({Status.ACTIVE}), task="", end=None)
    cancellable = True
    steps = (CopyToPool(),)

    def rule(self, context: Context, image: Image) -> str:
        return "instance:launch"

    def succeeded(self, operation: Operation) -> None:
        self._tell(operation)

    def failed(self, operation: Operation) -> None:
        self._tell(operation)

    def cancelled(self, operation: Operation) -> None:
        self._tell(operation)

    def stuck(self, operation: Operation) -> None:
        self._tell(operation)

    def _tell(self, operation: Operation) -> None:
        """Wake the operations that wait for the copy. The image itself is unchanged."""
        auditing.record_end(operation)
        # Another word each time: a step that was woken by the same one before would not notice.
        operations.wake_sharing(operation.subject_id, f"delivered {operation.pk.hex[:8]}")
