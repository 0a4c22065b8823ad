"""Retention of deleted images."""

from accounts.services.retention import Rule
from compute.images.models import Image

RULES = (
    Rule(
        name="deleted_images",
        rows=Image.objects.filter(status=Image.Status.DELETED),
        since="updated_at",
        setting="DELETED_DAYS",
    ),
)
