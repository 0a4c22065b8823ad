"""Uploads: an image's data, streamed into a file that is let in by the gate."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput, Conflict, MeridianError
from accounts.services import audit, quotas
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import gate, image_files, image_quota, images
from compute.images.services.image_files import Received
from compute.images.store import Part

Status = Image.Status

ALIVE_SECONDS = 10.0
"""How often an upload says in its row that it goes on."""

SILENT = timedelta(seconds=60)
"""After this time without a word an upload is taken for broken off."""


GIVEN_UP = gettext_lazy("The image was deleted, or nothing came for too long. Send it again.")


class TooLarge(MeridianError):
    code = "overLimit"
    status = 413


def receive(context: Context, image_id: object, body: image_files.Body, length: int | None) -> None:
    """Store the image's data. An upload that breaks off or is refused leaves the image as it was, without data.

    `length` is the size in bytes if the client has said it. Raise NotFound, Forbidden, Conflict if it has data, BadInput
    if the data are not what the image says, TooLarge beyond the project's quota.
    """
    image = _begin(context, image_id)
    part = None
    try:
        watch = _watch(image, length or 0)
        part = image_files.new_part(image, image.upload)
        whole = WholeBody(body, length)
        _end(context, image, image_files.write_part(part, image, whole, watch))
    except BaseException as error:
        _give_up(image, part)
        if isinstance(error, FileNotFoundError):  # the sweep has removed what came
            raise Conflict(GIVEN_UP) from error
        raise


class WholeBody:
    """Data of a length that the client may have said."""

    def __init__(self, body: image_files.Body, length: int | None) -> None:
        self._body, self._length, self._size = body, length, 0

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes. Raise BadInput at the end if it is not where the client has said."""
        data = self._body.read(size)
        self._size += len(data)
        if not data and self._length not in {None, self._size}:
            raise BadInput(
                _("The upload ended after %(size)s of %(length)s bytes.")
                % {"size": self._size, "length": self._length}
            )
        return data


def _watch(image: Image, length: int) -> Callable[[int], None]:
    """Return what is called with the bytes that are there: it keeps the upload alive, and raises TooLarge."""
    most, alive_at = _room(image), time.monotonic() + ALIVE_SECONDS
    _enforce_size(length, most)

    def watch(size: int) -> None:
        nonlocal alive_at
        _enforce_size(size, most)
        if time.monotonic() > alive_at:
            alive_at = time.monotonic() + ALIVE_SECONDS
            _filling(image).update(updated_at=timezone.now())

    return watch


def sweep() -> int:
    """Give up uploads that broke off with the process that received them. Return their number."""
    long_ago = timezone.now() - SILENT
    silent = Image.objects.filter(status=Status.SAVING, upload__isnull=False, updated_at__lt=long_ago)
    for image in (rows := list(silent)):
        _give_up(image, None)
    return len(rows)


@transaction.atomic
def _begin(context: Context, image_id: object) -> Image:
    """Reserve the image for this upload."""
    image = images.get_visible(context, image_id)
    images.enforce_own(context, image, "update")
    locked = Image.objects.select_for_update().get(pk=image.pk)
    if locked.status != Status.QUEUED or locked.task_state is not None:
        raise Conflict(_("The image has data already, or is just getting them."))
    if not locked.disk_format or not locked.container_format:
        raise BadInput(_("Set disk_format and container_format before the data are sent."))
    transitions.settle(locked, Status.SAVING, upload=uuid4())
    return locked


@transaction.atomic
def _end(context: Context, image: Image, received: Received) -> None:
    """Make the image launchable. Raise Conflict if it was deleted meanwhile, OverQuota."""
    if image.project is not None:
        image_quota.reserve(image.project, image.user, size=received.size)
    locked = _filling(image).select_for_update().first()
    if locked is None:
        raise Conflict(GIVEN_UP)
    # First the file, then the row: a row promises its file, a file alone is only waste.
    received.part.finish()
    transitions.settle(locked, Status.ACTIVE, upload=None, **received.fields)
    audit.record(context, "image.upload", locked, size=received.size)


@transaction.atomic
def _give_up(image: Image, part: Part | None) -> None:
    """Remove what came, and let the image be filled anew."""
    if part is not None:
        part.discard()
    locked = _filling(image).select_for_update().first()
    if locked is not None:
        image_files.remove_file(image.pk)
        transitions.settle(locked, Status.QUEUED, upload=None)


def _filling(image: Image) -> QuerySet[Image]:
    """Return the image's row while this upload fills it."""
    return Image.objects.filter(pk=image.pk, upload=image.upload, status=Status.SAVING, task_state=None)


def _room(image: Image) -> int:
    """Return the most bytes that the project's quota still allows."""
    if image.project_id is None:
        return gate.MOST_VIRTUAL_BYTES
    usages = quotas.usage([image.project_id])[image.project_id]
    left = next(usage.left for usage in usages if usage.resource.name == image_quota.SIZE)
    return gate.MOST_VIRTUAL_BYTES if left is None else left * 2**20


def _enforce_size(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(_("The project's quota leaves room for %(most)s bytes.") % {"most": most})
