"""Delete: offer an image no longer and remove its file."""

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.images.models import Image
from compute.images.services import image_files, image_users

NAMED = 5
"""How many users of an image a refusal names."""

PROTECTED = gettext_lazy("%(image)s is protected against deletion. Remove the protection first.")

Status = Image.Status


class RemoveFile(Step):
    """Remove the image's file. Hosts evict their copies themselves."""

    name: ClassVar[str] = "file"
    label: ClassVar[str] = gettext_noop("Delete the file")
    where: ClassVar[Where] = Where.ANYWHERE
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        run.check()
        image_files.remove_file(run.operation.subject_id)


class Delete(Action):
    """Delete an image. Clients do not see it from the start of the operation on."""

    noun = "image"
    verb = "delete"
    label = gettext_lazy("Delete")
    icon = "trash"
    order = 100
    move = Move(
        start=frozenset({*Image.UNFINISHED, Status.ACTIVE, Status.DEACTIVATED, Status.ERROR}),
        task=Image.DELETING,
        end=Status.DELETED,
        interrupts=frozenset({Image.SAVING, Image.IMPORTING}),
    )
    doing = gettext_lazy("Deleting")
    rules: ClassVar[dict[str, str]] = {"image:delete_public": "admin"}
    danger = True
    confirm = gettext_lazy("It cannot be launched from any more, and its file is deleted for good.")
    cancellable = True
    steps = (RemoveFile(),)

    def rule(self, context: Context, image: Image) -> str:
        return "image:delete_public" if image.visibility == "public" else "image:delete"

    def blocker(self, image: Image) -> str:
        if image.protected:
            return PROTECTED % {"image": image.name}
        has_file = image.status in {Status.ACTIVE, Status.DEACTIVATED}
        if not has_file or not (users := image_users.names(image)):
            return ""
        names = ", ".join(users[:NAMED] + ["…"] * (len(users) > NAMED))
        return _(
            "%(image)s is in use: the disks of %(names)s stand on it. "
            "Delete or rebuild them first; those in the recycle bin count too."
        ) % {"image": image.name, "names": names}

    def undone_state(self, operation: Operation, image: Image) -> str | None:
        """Return where it leaves what was still being made: that gave way to its deletion, and does not come back."""
        if image.status not in Image.UNFINISHED:
            return None
        return Status.DELETED if operation.cancel_requested else Status.ERROR
