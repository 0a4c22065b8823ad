"""The quota of images, under Glance's names: their number and their size."""

from collections.abc import Iterable

from django.db.models import Count, Sum
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.errors import MeridianError
from accounts.models import Project, User
from accounts.services import quotas
from compute.images.models import Image
from compute.images.services.gate import MOST_VIRTUAL_BYTES

COUNT = "image_count_total"
SIZE = "image_size_total"


class TooLarge(MeridianError):
    code = "overLimit"
    status = 413


def register() -> None:
    """Register the resources with accounts. Call it once at start."""
    images = ngettext_lazy("%(n)s image", "%(n)s images", "n")
    space = _("%(n)s of images")
    quotas.register(
        quotas.Resource(name=COUNT, label=_("Images"), counted=images, unit="", default=100),
        quotas.Resource(name=SIZE, label=_("Image storage"), counted=space, unit="MiB", default=512_000),
    )
    quotas.register_counter(_count, COUNT, SIZE)


def reserve(project: Project, user: User | None, *, count: int = 0, size: int = 0) -> None:
    """Reserve quota for `count` images, or for `size` bytes of them. Raise OverQuota.

    A new image, whose size is unknown, reserves one MiB at first. It reserves its size once that is measured.
    """
    quotas.reserve(project, {COUNT: count, SIZE: max(count, _mib(size))}, user)


def bytes_left(image: Image) -> int:
    """Return the most bytes that an image may have by its project's quota, and as a disk."""
    if image.project_id is None:
        return MOST_VIRTUAL_BYTES
    (usage,) = quotas.usage([image.project_id], {SIZE})[image.project_id]
    left = usage.left
    return MOST_VIRTUAL_BYTES if left is None else min(left * 2**20, MOST_VIRTUAL_BYTES)


def enforce_bytes(size: int, most: int) -> None:
    """Raise TooLarge if data are more than there is room for."""
    if size > most:
        raise TooLarge(gettext("The project's quota leaves room for %(most)s bytes.") % {"most": most})


def _count(project_ids: Iterable[str], user_id: str | None = None) -> quotas.Usages:
    existing = Image.objects.exclude(status=Image.Status.DELETED)
    amounts = {COUNT: Count("pk"), SIZE: Sum("size")}
    used = quotas.aggregated(existing, project_ids, user_id, **amounts)
    return used | {SIZE: {project_id: _mib(size) for project_id, size in used[SIZE].items()}}


def _mib(size: int) -> int:
    """Return the bytes in MiB, rounded up."""
    return -(-size // 2**20)
