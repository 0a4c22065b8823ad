"""Messages about what failed on volumes, snapshots and backups: failed operations, as Cinder tells them (API, messages)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from accounts.names import is_text
from compute.engine.models import Operation
from compute.engine.models.operation import OperationQuerySet
from compute.volumes.models import DismissedMessage

TYPES = {"volume": "VOLUME", "volume_snapshot": "VOLUME_SNAPSHOT", "backup": "VOLUME_BACKUP"}
"""{noun: Cinder's type of resource}."""

ACTIONS = {
    "volume.create": "001",
    "volume.extend": "007",
    "volume_snapshot.delete": "009",
    "volume_snapshot.create": "010",
    "backup.create": "013",
    "backup.delete": "014",
    "volume.restore": "015",
}
"""{kind: Cinder's number of the action}."""
OTHER = "000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What an operation that failed has to say."""

    operation: Operation

    @property
    def resource_type(self) -> str:
        return TYPES[self.operation.subject_type]

    @property
    def event_id(self) -> str:
        """Return Cinder's id of the kind of event, of which the last number means an error of any kind."""
        return _event_id(self.operation.subject_type, ACTIONS.get(self.operation.kind, OTHER))

    @property
    def text(self) -> str:
        return str((self.operation.error or {}).get("message") or _("It failed."))

    @property
    def at(self) -> datetime:
        return self.operation.finished_at or self.operation.updated_at

    @property
    def guaranteed_until(self) -> datetime:
        """Return until when the message is there at least."""
        return self.at + timedelta(days=settings.OPERATION_DAYS or 365)


def visible_to(
    context: Context,
    *,
    resource_uuid: str = "",
    resource_type: str = "",
    request_id: str = "",
    event_id: str = "",
) -> OperationQuerySet:
    """Return the operations whose messages the project may read, newest first; administrators, of all projects.

    Raise Forbidden.
    """
    policy.enforce(context, "volume_message:read")
    nouns = [noun for noun, name in TYPES.items() if resource_type.upper() in {"", name}]
    rows = Operation.objects.visible_to(context, all_projects=context.is_admin).filter(
        subject_type__in=nouns,
        state__in=[Operation.State.FAILED, Operation.State.STUCK],
        dismissed_message=None,
    )
    if resource_uuid:
        rows = rows.filter(subject_id__in=_uuids(resource_uuid))
    if event_id:
        rows = rows.filter(_of_event(event_id))
    if request_id:
        rows = rows.filter(request_id=request_id) if is_text(request_id) else rows.none()
    return rows.order_by("-created_at", "-pk")


def get(context: Context, key: object) -> Message:
    """Return one message. Raise Forbidden, NotFound."""
    operation = visible_to(context).filter(pk__in=_uuids(key)).first()
    if operation is None:
        raise NotFound(_("Message %(id)s could not be found.") % {"id": str(key)[:64]})
    return Message(operation=operation)


def delete(context: Context, key: object) -> None:
    """Show a message no more. Raise Forbidden, NotFound."""
    policy.enforce(context, "volume_message:delete")
    DismissedMessage.objects.get_or_create(operation=get(context, key).operation)


def _event_id(noun: str, number: str) -> str:
    return f"VOLUME_{TYPES[noun]}_{number}_001"


def _of_event(event_id: str) -> Q:
    """Return the condition of operations whose event has this id."""
    kinds = [
        kind for kind, number in ACTIONS.items() if _event_id(kind.partition(".")[0], number) == event_id
    ]
    others = [noun for noun in TYPES if _event_id(noun, OTHER) == event_id]
    return Q(kind__in=kinds) | (Q(subject_type__in=others) & ~Q(kind__in=list(ACTIONS)))


def _uuids(key: object) -> list[UUID]:
    """Return the id, or none for what is no id."""
    try:
        return [UUID(str(key))]
    except ValueError:
        return []
