"""Transfers of volumes from one project to another (Cinder, volume transfers)."""

import hashlib
import hmac
import secrets
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden, NotFound
from accounts.models import Project
from accounts.names import clean_name
from accounts.services import audit
from compute.engine.services import transitions
from compute.volumes.models import Volume, VolumeTransfer
from compute.volumes.services import volume_quota, volumes
from compute.volumes.states import VolumeState

KEY_BYTES = 16


def visible_to(context: Context, *, all_projects: bool = False) -> QuerySet[VolumeTransfer]:
    """Return the transfers of the project's volumes. Raise Forbidden."""
    offered = volumes.visible_to(context, all_projects=all_projects)
    return VolumeTransfer.objects.filter(volume__in=offered.values("pk")).select_related("volume")


def get(context: Context, key: object) -> VolumeTransfer:
    """Return one transfer of the project's volumes; for administrators, of any. Raise Forbidden, NotFound."""
    return _get(visible_to(context, all_projects=True), key)


@transaction.atomic
def create(context: Context, volume_id: object, name: object = "") -> tuple[VolumeTransfer, str]:
    """Offer a volume. Return the transfer, and the key that is shown this once.

    Raise Forbidden, NotFound, BadInput, Conflict unless the volume is available.
    """
    policy.enforce(context, "volume:transfer")
    volume = _locked(volumes.get(context, volume_id))
    if volume.status != VolumeState.AVAILABLE or volume.task_state:
        raise Conflict(_("Only an available volume can be transferred. Detach it first."))
    key = secrets.token_hex(KEY_BYTES)
    row = VolumeTransfer.objects.create(
        volume=volume, name=clean_name(name) if name else "", digest=_digest(key)
    )
    transitions.settle(volume, VolumeState.AWAITING_TRANSFER)
    audit.record(context, "volume.transfer", volume, transfer=str(row.pk))
    return row, key


@transaction.atomic
def delete(context: Context, key: object) -> None:
    """Withdraw an offer. Raise Forbidden, NotFound."""
    policy.enforce(context, "volume:transfer")
    row = get(context, key)
    volume = _locked(row.volume)
    row.delete()
    if volume.status == VolumeState.AWAITING_TRANSFER:
        transitions.settle(volume, VolumeState.AVAILABLE)
    audit.record(context, "volume.transfer_withdraw", volume, transfer=str(key))


@transaction.atomic
def accept(context: Context, key: object, auth_key: object) -> VolumeTransfer:
    """Take a volume over into the asker's project. Raise Forbidden, NotFound, BadInput for a wrong key, OverQuota."""
    policy.enforce(context, "volume:transfer")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    row = _get(VolumeTransfer.objects.select_related("volume"), key)
    if not isinstance(auth_key, str) or not hmac.compare_digest(row.digest, _digest(auth_key)):
        raise BadInput(fields={"auth_key": _("This is not the key of the transfer.")})
    earlier = row.volume.project_id
    # Both projects' lists change; the new one's quota is locked first, as everywhere.
    Project.objects.select_for_update(no_key=True).get(pk=context.project.pk)
    volume = _locked(row.volume)
    if volume.status != VolumeState.AWAITING_TRANSFER or volume.task_state:
        raise Conflict(_("The volume waits for nobody any more."))
    size = volume.size_gib
    volume_quota.reserve(context.project, context.user, count=1, size_gib=size, largest_gib=size)
    if not volume.type.public and not volume.type.projects.filter(pk=context.project.pk).exists():
        raise Conflict(_("This project may not use volumes of the type %(type)s.") % {"type": volume.type})
    transitions.settle(volume, VolumeState.AVAILABLE, project=context.project, user=context.user)
    row.delete()
    row.pk = UUID(str(key))
    audit.record(context, "volume.transfer_accept", volume, transfer=str(key), earlier_project=earlier)
    return row


def _get(rows: QuerySet[VolumeTransfer], key: object) -> VolumeTransfer:
    try:
        return rows.get(pk=UUID(str(key)))
    except (VolumeTransfer.DoesNotExist, ValueError) as error:
        raise NotFound(_("Transfer %(id)s could not be found.") % {"id": str(key)[:64]}) from error


def _locked(volume: Volume) -> Volume:
    rows: Any = Volume.objects.select_for_update(of=("self",)).select_related("project", "type")
    row: Volume = rows.get(pk=volume.pk)
    return row


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
