"""Volumes in their projects' scope."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from accounts.models.one_of import OneOf
from compute.engine.actions.begin import begin
from compute.engine.models import Operation
from compute.volumes.models import Attachment, Volume
from compute.volumes.models.volume import VolumeQuerySet


def visible_to(context: Context, *, all_projects: bool = False) -> VolumeQuerySet:
    """Return the project's volumes; with `all_projects`, administrators' view of all. Raise Forbidden."""
    policy.enforce(context, "volume:read")
    rows = Volume.objects.existing().visible_to(context, all_projects=all_projects)
    return with_parts(rows)


def with_parts(rows: VolumeQuerySet) -> VolumeQuerySet:
    """Read with each volume what its row shows: type, disk and attachment."""
    # Types and pools are few, so that each is read once and not beside every volume.
    return rows.select_related("disk").prefetch_related("type", "disk__pool__hosts").reading(_read_attachment)


def _read_attachment(rows: list[Volume]) -> None:
    """Set the attachment of each, which has at most one that is not released. Costs one query."""
    attachments = Attachment.objects.filter(OneOf("volume_id", [row.pk for row in rows]), released=False)
    of_volume = {attachment.volume_id: attachment for attachment in attachments.select_related("instance")}
    for row in rows:
        row.__dict__["_attachment"] = of_volume.get(row.pk)


def get(context: Context, key: object) -> Volume:
    """Return one volume; for administrators, of any project. Raise Forbidden, NotFound."""
    rows = visible_to(context, all_projects=True)
    try:
        return rows.get(pk=UUID(str(key)))
    except (Volume.DoesNotExist, ValueError) as error:
        raise NotFound(_("Volume %(id)s could not be found.") % {"id": str(key)[:64]}) from error


def act(
    context: Context, key: object, verb: str, parameters: Mapping[str, Any] | None = None
) -> Operation | None:
    """Begin a verb on a volume. Raise NotFound, Forbidden, Conflict, BadInput, OverQuota."""
    return begin(context, f"volume.{verb}", get(context, key).pk, parameters=dict(parameters or {}))
