"""Copies of images on hosts. All operations that need one wait for the same delivery."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import Conflict
from accounts.locking import lock_all
from accounts.models import User
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import Run, Wait
from compute.hosts.models import Hypervisor
from compute.hosts.services import pools
from compute.images.models import Image
from compute.images.services import images

KIND = "image.deliver"
STEP = "image"
"""The name of the steps that wait for a delivery."""

LOOK_AGAIN = timedelta(seconds=30)
State = Operation.State


def wait_for_copy(run: Run, image: Image, host: Hypervisor) -> None:
    """Return once the host's pool has the image. Raise Wait during its delivery, Conflict if that failed."""
    images.get_existing(image.pk)
    if _is_there(image, host):
        return
    latest = _latest(image, host, since=run.operation)
    if latest is None or _was_cancelled_by_others(latest, run.operation):
        _begin(run, image, host)
    elif latest.state == State.SUCCEEDED:
        if _is_there(image, host):  # since the look above
            return
        _begin(run, image, host)
    elif latest.state not in Operation.OPEN:
        why = latest.error["message"] if latest.error else _("it was cancelled.")
        raise Conflict(_("%(image)s was not copied: %(why)s") % {"image": image.name, "why": why})
    raise Wait(until=timezone.now() + LOOK_AGAIN)


def host_of(operation: Operation) -> Hypervisor:
    """Return the host that an image is delivered to."""
    return Hypervisor.objects.get(pk=operation.parameters["host"])


def _is_there(image: Image, host: Hypervisor) -> bool:
    return pools.own(host).stat(image.volume_name) is not None


def _begin(run: Run, image: Image, host: Hypervisor) -> None:
    """Begin a delivery in the name of the waiting operation."""
    asker = run.operation
    context = Context(
        user=asker.user or User(id="", name=""), project=asker.project, request_id=asker.request_id
    )
    begin(context, image, host, project_id=asker.project_id)


@transaction.atomic
def begin(context: Context, image: Image, host: Hypervisor, *, project_id: str | None = None) -> None:
    """Begin a delivery, unless one is open already. It is the image's project's unless told."""
    lock_all(Image.objects.select_for_update(no_key=True).filter(pk=image.pk))
    rows = Operation.objects.open().filter(kind=KIND, subject_id=image.pk, host=host)
    if rows.exists():
        return
    operations.enqueue(
        context,
        KIND,
        image,
        parameters={"host": str(host.pk)},
        exclusive=False,
        host=host.pk,
        project_id=project_id,
    )


def _latest(image: Image, host: Hypervisor, since: Operation) -> Operation | None:
    """Return the last delivery that is open, or ended since the operation began to wait."""
    began = next((entry["began"] for entry in since.timeline if entry["name"] == STEP), None)
    rows = Operation.objects.filter(kind=KIND, subject_id=image.pk, host=host).order_by("-created_at")
    latest = rows.first()
    if latest is None or latest.state in Operation.OPEN:
        return latest
    if began is None or (latest.finished_at or latest.created_at) < datetime.fromisoformat(began):
        return None
    return latest


def _was_cancelled_by_others(latest: Operation, asker: Operation) -> bool:
    """Whether another project called the delivery off: that is no reason for the asker's to fail."""
    return latest.state == State.CANCELLED and latest.project_id != asker.project_id
