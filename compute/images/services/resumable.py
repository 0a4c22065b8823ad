"""Resumable uploads: an image's data in pieces, each a request of its own, as the tus protocol sends them.

What broke off goes on with the next piece, from another browser too. Complete data are imported by an operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.services import audit
from compute.engine.actions.begin import begin as begin_operation
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import image_files, image_quota, images, imports
from compute.images.services.uploads import GIVEN_UP
from compute.store import PIECE_BYTES

Status = Image.Status

NOT_OPEN = gettext_lazy("The upload is complete, or was given up.")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far an upload is: `received` of `length` bytes."""

    received: int
    length: int


def begin(context: Context, data: Mapping[str, Any], length: int) -> Image:
    """Make an image of the fields that `images.create` takes, which waits for `length` bytes.

    Formats that are not among them are told from the data. Raise Forbidden, BadInput, OverQuota, TooLarge.
    """
    with transaction.atomic():
        image = images.create(context, data, None)
        _await(image, length)
    return image


def begin_again(context: Context, image_id: object, length: int) -> Image:
    """Let an image without data wait for `length` bytes. Raise NotFound, Forbidden, Conflict, BadInput, TooLarge."""
    image = images.get_visible(context, image_id)
    images.enforce_own(context, image, "update")
    with transaction.atomic():
        _await(image, length)
    return image


def state_of(image: Image) -> State | None:
    """Return how far the image's upload is; None if none is under way."""
    if not image.awaits_pieces or image.staged is None or image.task_state is not None:
        return None
    return State(received=image.staged["received"], length=image.staged["length"])


def get_open(context: Context, image_id: object) -> Image:
    """Return an image whose upload is under way. Raise Forbidden, NotFound also if it is given up or complete."""
    image = images.get_visible(context, image_id)
    images.enforce_own(context, image, "update")
    _state_of(image)
    return image


def write(context: Context, image_id: object, offset: int, data: bytes) -> State:
    """Write the piece of the data at `offset`; the last one begins the import. Return how far the upload is then.

    All pieces but the last have PIECE_BYTES. Raise as `get_open` does, and Conflict if another offset is next.
    """
    image = get_open(context, image_id)
    with transaction.atomic():
        # The lock is held while the piece is written, so that of two browsers with the same upload one waits.
        image = Image.objects.select_for_update().get(pk=image.pk)
        before, staged = _state_of(image), dict(image.staged or {})
        if offset != before.received:
            raise Conflict(_("The next piece begins at byte %(offset)s.") % {"offset": before.received})
        after = State(received=offset + len(data), length=before.length)
        if len(data) != min(PIECE_BYTES, before.length - offset):
            raise BadInput(
                _("Send pieces of %(size)s bytes, the last a shorter one.") % {"size": PIECE_BYTES}
            )
        try:
            image_files.write_piece(image, staged["part"], offset // PIECE_BYTES, data)
        except FileNotFoundError as error:
            raise NotFound(GIVEN_UP) from error
        transitions.change(image, staged=staged | {"received": after.received})
        if after.received == after.length:
            audit.record(context, "image.stage", image, size=after.length)
            begin_operation(context, imports.KIND, image.pk, parameters={"method": imports.UPLOAD})
    return after


def cancel(context: Context, image_id: object) -> None:
    """Give an upload up, and delete its image. Raise as `get_open` does."""
    images.delete(context, get_open(context, image_id).pk)


def _state_of(image: Image) -> State:
    """Raise NotFound if no upload is under way."""
    if (state := state_of(image)) is None:
        raise NotFound(NOT_OPEN)
    return state


def _await(image: Image, length: int) -> None:
    """Reserve the quota, and let the image wait for its data."""
    if length <= 0:
        raise BadInput(_("The file is empty."))
    image_files.enforce_pieces(length)
    if image.project is not None:
        image_quota.reserve(image.project, image.user, size=length)
    locked = Image.objects.select_for_update().get(pk=image.pk)
    if locked.status != Status.QUEUED or locked.task_state is not None:
        raise Conflict(_("The image has data already, or is just getting them."))
    token = image_files.begin_part(locked, uuid4().hex)
    staged = {"part": token, "length": length, "received": 0}
    transitions.settle(locked, Status.UPLOADING, upload=None, staged=staged, size=length)
