"""Attachments of volumes in their projects' scope."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from compute.volumes.models import Attachment, Volume


def visible_to(context: Context, *, all_projects: bool = False) -> QuerySet[Attachment]:
    """Return the attachments of the project's volumes, newest first; with `all_projects`, administrators' view of all.

    Raise Forbidden.
    """
    policy.enforce(context, "volume:read")
    volumes = Volume.objects.existing().visible_to(context, all_projects=all_projects)
    rows = Attachment.objects.filter(released=False, volume__in=volumes)
    return rows.select_related("volume__disk").order_by("-created_at", "-pk")


def get(context: Context, key: object) -> Attachment:
    """Return one attachment; for administrators, of any project. Raise Forbidden, NotFound."""
    try:
        return visible_to(context, all_projects=True).get(pk=UUID(str(key)))
    except (Attachment.DoesNotExist, ValueError) as error:
        sentence = _("Volume attachment could not be found with filter: attachment_id = %(id)s.")
        raise NotFound(sentence % {"id": str(key)[:64]}) from error
