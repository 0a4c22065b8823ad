"""Uploads: an image's data, streamed into a file that is let in by the gate."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from accounts.services import audit
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import image_files, image_quota, images
from compute.images.services.bodies import Body, WholeBody
from compute.images.services.gate import Refused
from compute.images.services.image_files import Received

Status = Image.Status

ALIVE_SECONDS = 10.0
"""How often an upload says in its row that it goes on."""

SILENT = timedelta(seconds=60)
"""After this time without a word an upload is taken for broken off."""

UNUSED = timedelta(days=1)
"""After this time data that nobody imports are removed."""

_FILLING = (Status.SAVING, Status.UPLOADING)

GIVEN_UP = gettext_lazy("The image was deleted, or nothing came for too long. Send it again.")


def receive(context: Context, image_id: object, body: Body, length: int | None) -> None:
    """Store the image's data. An upload that breaks off or is refused leaves the image as it was, without data.

    `length` is the size in bytes if the client has said it. Raise NotFound, Forbidden, Conflict if it has data, BadInput
    if the data are not what the image says, TooLarge beyond the project's quota.
    """
    with _filling(context, image_id, Status.SAVING) as image:
        received = image_files.write_part(image, image.upload, WholeBody(body, length), _watch(image, length))
        _end(context, image, received)


def stage(context: Context, image_id: object, body: Body, length: int | None) -> None:
    """Take the image's data, which an import lets in or refuses later. Raise as `receive` does, but for their format."""
    with _filling(context, image_id, Status.UPLOADING) as image:
        whole = WholeBody(body, length)
        try:
            received = image_files.write_part(image, image.upload, whole, _watch(image, length))
            staged = received.as_staged()
        except Refused as refused:
            image_files.remove_file(image.pk)
            staged = {"refused": str(refused)}
        _keep(context, image, staged)


@contextmanager
def _filling(context: Context, image_id: object, status: Image.Status) -> Iterator[Image]:
    """Reserve the image for an upload, and free it with all that came if that ends by an error."""
    image = _begin(context, image_id, status)
    try:
        yield image
    except BaseException as error:
        _give_up(image)
        if isinstance(error, FileNotFoundError):  # the sweep has removed what came
            raise Conflict(GIVEN_UP) from error
        raise


def _watch(image: Image, length: int | None) -> Callable[[int], None]:
    """Return what is called with the bytes that are there: it keeps the upload alive, and raises TooLarge."""
    most, alive_at = image_quota.bytes_left(image), time.monotonic() + ALIVE_SECONDS
    image_quota.enforce_bytes(length or 0, most)

    def watch(size: int) -> None:
        nonlocal alive_at
        image_quota.enforce_bytes(size, most)
        if time.monotonic() > alive_at:
            alive_at = time.monotonic() + ALIVE_SECONDS
            _row(image).update(updated_at=timezone.now())

    return watch


def sweep() -> int:
    """Give up uploads that broke off with the process that received them, and data that nobody imports.

    Return their number.
    """
    now = timezone.now()
    silent = Image.objects.filter(status__in=_FILLING, upload__isnull=False, updated_at__lt=now - SILENT)
    unused = Image.objects.filter(
        status=Status.UPLOADING, upload=None, task_state=None, updated_at__lt=now - UNUSED
    )
    rows = [*silent, *unused]
    for image in rows:
        _give_up(image)
    return len(rows)


@transaction.atomic
def _begin(context: Context, image_id: object, status: Image.Status) -> Image:
    """Reserve the image for this upload."""
    image = images.get_visible(context, image_id)
    images.enforce_own(context, image, "update")
    locked = Image.objects.select_for_update().get(pk=image.pk)
    if locked.status != Status.QUEUED or locked.task_state is not None:
        raise Conflict(_("The image has data already, or is just getting them."))
    if not locked.disk_format or not locked.container_format:
        raise BadInput(_("Set disk_format and container_format before the data are sent."))
    transitions.settle(locked, status, upload=uuid4())
    return locked


@transaction.atomic
def _end(context: Context, image: Image, received: Received) -> None:
    """Make the image launchable. Raise Conflict if it was deleted meanwhile, OverQuota."""
    if image.project is not None:
        image_quota.reserve(image.project, image.user, size=received.size)
    locked = _row(image).select_for_update().first()
    if locked is None:
        raise Conflict(GIVEN_UP)
    # First the file, then the row: a row promises its file, a file alone is only waste.
    image_files.finish_part(locked, received)
    transitions.settle(locked, Status.ACTIVE, upload=None, **received.fields)
    audit.record(context, "image.upload", locked, size=received.size)


@transaction.atomic
def _keep(context: Context, image: Image, staged: dict[str, Any]) -> None:
    """Keep the data, which count already, until they are imported. Raise Conflict if the image was deleted, OverQuota."""
    size = staged.get("size", 0)
    if image.project is not None:
        image_quota.reserve(image.project, image.user, size=size)
    locked = _row(image).select_for_update().first()
    if locked is None:
        raise Conflict(GIVEN_UP)
    transitions.settle(locked, Status.UPLOADING, upload=None, staged=staged, size=size)
    audit.record(context, "image.stage", locked, size=size)


@transaction.atomic
def _give_up(image: Image) -> None:
    """Remove what came, and let the image be filled anew."""
    locked = _row(image).select_for_update().first()
    if locked is not None:
        image_files.remove_file(image.pk)
        transitions.settle(locked, Status.QUEUED, upload=None, staged=None, size=0)


def _row(image: Image) -> QuerySet[Image]:
    """Return the image's row while this upload fills it."""
    return Image.objects.filter(pk=image.pk, upload=image.upload, status__in=_FILLING, task_state=None)
