"""What a database knows of a backup, so that another one can restore it."""

import base64
import json
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden
from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine.services import transitions
from compute.volumes.models import Backup
from compute.volumes.services import backup_files, backups
from compute.volumes.states import BackupState

SERVICE = "cinder.backup.drivers.meridian"
"""What stored the file, in Cinder's way: clients tell by the beginning that it can be imported."""
TEXTS = {"name": 255, "description": 65_535, "checksum": 64}
NUMBERS = ("size_gib", "file_bytes")
TABLES = ("image_metadata", "metadata", "volume_metadata")


def export(context: Context, key: object) -> dict[str, str]:
    """Return the record as clients keep it. Raise Forbidden, NotFound, Conflict for one without data."""
    policy.enforce(context, "backup:export")
    backup = backups.get(context, key)
    if backup.status != BackupState.AVAILABLE:
        raise Conflict(_("The backup is %(status)s.") % {"status": backup.shown_status})
    record = {name: getattr(backup, name) for name in (*TEXTS, *NUMBERS, *TABLES, "bootable")}
    record |= {
        "id": str(backup.pk),
        "parent": str(backup.parent_id) if backup.parent_id else None,
        "taken_at": backup.taken_at.isoformat() if backup.taken_at else None,
    }
    text = base64.b64encode(json.dumps(record).encode()).decode()
    return {"backup_service": SERVICE, "backup_url": text}


@transaction.atomic
def import_record(context: Context, service: str, text: str) -> Backup:
    """Make the row of a backup from a record; its file must be in the store. Return the row.

    Raise Forbidden, BadInput naming the field, Conflict if the backup exists or needs one that does not.
    """
    policy.enforce(context, "backup:import")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    if service != SERVICE:
        raise BadInput(fields={"backup_service": _("Say one of %(choices)s.") % {"choices": SERVICE}})
    columns = _columns(text)
    key, parent = columns.pop("id"), columns["parent_id"]
    if Backup.objects.filter(pk=key).exists():
        raise Conflict(_("The backup %(id)s exists already.") % {"id": key})
    if parent and not Backup.objects.existing().filter(pk=parent).exists():
        raise Conflict(
            _("It has only what changed since the backup %(id)s. Import that first.") % {"id": parent}
        )
    if not backup_files.backup_store().exists(str(key)):
        raise BadInput(fields={"backup_url": _("The store of backups has no such file.")})
    backup = Backup.objects.create(
        pk=key,
        project=context.project,
        user=context.user if context.user.pk else None,
        status=BackupState.AVAILABLE,
        **columns,
    )
    transitions.change(backup)
    audit.record(context, "backup.import", backup, outcome=AuditEvent.Outcome.SUCCEEDED)
    return backup


def _columns(text: str) -> dict[str, Any]:
    """Return the columns that a record says. Raise BadInput."""
    try:
        record = json.loads(base64.b64decode(text, validate=True))
        columns: dict[str, Any] = {name: str(record[name])[:most] for name, most in TEXTS.items()}
        columns |= {name: int(record[name]) for name in NUMBERS}
        columns |= {name: {str(key): str(value) for key, value in record[name].items()} for name in TABLES}
        columns |= {
            "id": UUID(record["id"]),
            "parent_id": UUID(record["parent"]) if record["parent"] else None,
            "taken_at": parse_datetime(record["taken_at"]) if record["taken_at"] else None,
            "bootable": bool(record["bootable"]),
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(fields={"backup_url": _("This is no record of a backup.")}) from error
    taken_at = columns["taken_at"]
    if taken_at is not None and taken_at.tzinfo is None:
        raise BadInput(fields={"backup_url": _("This is no record of a backup.")})
    if not 1 <= columns["size_gib"] <= 2**31 - 1 or columns["file_bytes"] < 1:
        raise BadInput(fields={"backup_url": _("This is no record of a backup.")})
    return columns
