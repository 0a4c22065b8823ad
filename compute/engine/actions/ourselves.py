"""What Meridian begins by itself: emptying the recycle bin, deleting what has expired."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine import operations
from compute.engine.actions.registry import ACTIONS
from compute.instances import states
from compute.instances.actions.steps import power_before
from compute.instances.models import Instance
from compute.instances.services import transitions


@transaction.atomic
def begin_ourselves(verb: str, instance_id: UUID, only: Q, reason: str) -> None:
    """Begin to delete or purge an instance at rest that is, once its row is locked, still as `only` says."""
    rows = Instance.objects.existing().select_for_update()
    instance = rows.filter(only, pk=instance_id, task_state=None).first()
    if instance is None:
        return
    action = ACTIONS[verb].instead(instance)
    if not states.allowed(action.verb, instance.vm_state, None):
        return
    if instance.vm_state != states.VmState.SOFT_DELETED:
        transitions.change(instance, restore_to=power_before(instance))
    transitions.task(instance, states.MOVES[action.verb].task)
    operations.enqueue(None, action.verb, instance, parameters={})
    audit.record(
        None,
        f"instance.{action.verb}",
        outcome=AuditEvent.Outcome.REQUESTED,
        target_type="instance",
        target_id=str(instance.pk),
        target_name=instance.name,
        project_id=instance.project_id,
        detail={"reason": reason},
    )
