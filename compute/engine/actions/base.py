"""What every verb has in common: rule, state, quota, rows, operation and audit in one transaction."""

import hashlib
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, NotFound
from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import Run, Step
from compute.instances import states
from compute.instances.models import Instance
from compute.instances.services import transitions, words

CARRIED_PASSWORD = "admin_password"  # noqa: S105 - the name of a parameter
CANCELLED = {"code": "cancelled", "message": gettext_noop("This was cancelled before it was done.")}
LOCKED = gettext_lazy("It is locked against changes. Unlock it first.")


class Action:
    """A verb on an instance. A subclass says what it is called, what it changes at once, and its steps.

    `compute.instances.states.MOVES` says when it may begin and where it ends, `accounts.policy` who may, and the engine
    runs the steps. The three endings below run in the transaction that closes the operation.
    """

    verb: ClassVar[str]
    label: ClassVar[str | Promise]
    icon: ClassVar[str]
    danger: ClassVar[bool] = False
    confirm: ClassVar[str | Promise] = ""
    bulk: ClassVar[bool] = True
    fields: ClassVar[tuple[str, ...]] = ()
    """Parameters that a person or a client may give."""
    asks: ClassVar[bool] = False
    """Whether pages show a form for `fields` first, rather than begin at a click."""
    in_place: ClassVar[bool] = False
    """Whether pages edit on the spot what it changes, so that menus leave it out."""
    opens_locks: ClassVar[bool] = False
    cancellable: ClassVar[bool] = False
    """Whether people may cancel a run, until one of its `final` steps begins: undone, it leaves things as they were."""
    steps: tuple[Step, ...] = ()

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Check and change rows in the transaction that begins; returns what the steps must know."""
        return {}

    def applies(self, instance: Instance) -> bool:
        """Whether it makes sense for this instance; menus leave out what does not."""
        return True

    def deed(self, context: Context, instance: Instance) -> str:
        """The rule that the asker must meet."""
        return f"instance:{self.verb}"

    def hindrance(self, instance: Instance) -> str:
        """Why it cannot be done to this instance, whatever its state; mostly nothing."""
        return ""

    def instead(self, instance: Instance) -> "Action":
        """The action that is really meant for this instance; mostly this one."""
        return self

    def end_state(self, instance: Instance) -> states.VmState:
        """Where a finished run leaves the instance."""
        return states.MOVES[self.verb].end or states.VmState(instance.vm_state)

    def undone_state(self, operation: Operation, instance: Instance) -> states.VmState | None:
        """Where an undone run leaves the instance; None: where it was."""
        return states.MOVES[self.verb].failed

    def succeeded(self, operation: Operation) -> None:
        _forget_secret(operation)
        instance = _locked(operation)
        task_state = _task_after(operation, instance)
        if states.MOVES[self.verb].end is None:  # nothing has stopped or booted
            transitions.change(instance, task_state=task_state, fault=None)
        else:
            transitions.settle(instance, self.end_state(instance), task_state=task_state)
        _audit(operation, AuditEvent.Outcome.SUCCEEDED)

    def failed(self, operation: Operation) -> None:
        _forget_secret(operation)
        instance = _locked(operation)
        transitions.fail(
            instance,
            operation.error,
            self.undone_state(operation, instance),
            task_state=_task_after(operation, instance),
        )
        _audit(operation, AuditEvent.Outcome.FAILED)

    def cancelled(self, operation: Operation) -> None:
        """Where an operation is in line, that one says what comes next; else the instance is as it was."""
        _forget_secret(operation)
        instance = _locked(operation)
        if not _in_line(operation).exists():
            state = self.undone_state(operation, instance)
            if state == states.VmState.ERROR:
                transitions.fail(instance, CANCELLED, state)
            else:
                transitions.change(instance, vm_state=state or instance.vm_state, task_state=None)
        _audit(operation, AuditEvent.Outcome.FAILED)


@transaction.atomic
def begin(
    context: Context,
    verb: str,
    instance_id: UUID | str,
    *,
    parameters: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Operation | None:
    """Begin `verb`; returns its operation, or None for a verb that is done at once.

    The same idempotency key for the same verb and instance gives the first operation again. Raises NotFound (also for
    a foreign instance), Forbidden, Conflict when the state does not allow it, OverQuota, BadInput.
    """
    from compute.engine.actions.registry import ACTIONS

    if verb not in ACTIONS:
        raise NotFound
    instance = Instance.objects.existing().select_for_update().reach(context, pk=instance_id)
    policy.enforce(context, ACTIONS[verb].deed(context, instance))
    key = kept_key(idempotency_key and f"{verb} {instance.pk} {idempotency_key}")
    if key and (first := repeated(instance.project_id, key)):
        return first
    action = ACTIONS[verb].instead(instance)
    if not states.allowed(action.verb, instance.vm_state, instance.task_state):
        raise Conflict(refusal(action, instance))
    if is_locked(context, action, instance):
        raise Conflict(LOCKED)
    if hindrance := action.hindrance(instance):
        raise Conflict(hindrance)
    before = instance.name
    kept = action.prepare(context, instance, parameters or {})
    operation = None
    if move := states.MOVES.get(action.verb):
        if move.interrupts:
            operations.cancel(instance)
        transitions.task(instance, move.task)
        operation = operations.enqueue(context, action.verb, instance, parameters=kept, idempotency_key=key)
    audit.record(
        context,
        f"instance.{action.verb}",
        outcome=AuditEvent.Outcome.REQUESTED if operation else AuditEvent.Outcome.SUCCEEDED,
        target_type="instance",
        target_id=str(instance.pk),
        target_name=before,
        project_id=instance.project_id,
        detail={name: value for name, value in kept.items() if name != CARRIED_PASSWORD},
    )
    return operation


def kept_key(idempotency_key: str | None) -> str | None:
    """A client's key as rows keep it: of one length and alphabet, whatever was sent."""
    if not idempotency_key:
        return None
    return hashlib.sha256(idempotency_key.encode(errors="replace")).hexdigest()


def repeated(project_id: str, kept: str) -> Operation | None:
    """The operation that this key, as rows keep it, has begun already."""
    return Operation.objects.filter(project_id=project_id, idempotency_key=kept).first()


def secret(admin_password: object) -> dict[str, str]:
    """A password for the guest, as an operation carries it until it ends; nowhere else is it kept."""
    return {CARRIED_PASSWORD: admin_password} if isinstance(admin_password, str) and admin_password else {}


def password_of(run: Run) -> str:
    """The password that the operation carries; empty where it carries none."""
    return str(run.operation.parameters.get(CARRIED_PASSWORD, ""))


def _forget_secret(operation: Operation) -> None:
    if operation.parameters.pop(CARRIED_PASSWORD, None):
        Operation.objects.filter(pk=operation.pk).update(parameters=operation.parameters)


def is_locked(context: Context, action: Action, instance: Instance) -> bool:
    """Whether a lock keeps the asker from it; administrators are not kept (Compute API guide, lock server)."""
    return instance.locked and not action.opens_locks and not policy.allows(context, "instance:override_lock")


def refusal(action: Action, instance: Instance) -> str:
    """Why the instance's state does not allow the action, for a person."""
    move = states.MOVES.get(action.verb)
    if instance.task_state and move and instance.vm_state in move.start:
        return _("Wait until “%(task)s” is done.") % {"task": words.task(instance.task_state)}
    return _("Not possible in the state “%(status)s”.") % {"status": words.status(instance.status)}


def _locked(operation: Operation) -> Instance:
    return Instance.objects.select_for_update().get(pk=operation.instance_id)


def _task_after(operation: Operation, instance: Instance) -> str | None:
    """Nothing, unless another operation is in line already: then the task it announced stays."""
    return instance.task_state if _in_line(operation).exists() else None


def _in_line(operation: Operation) -> QuerySet[Operation]:
    return Operation.objects.open().filter(instance=operation.instance_id, sequence__gt=operation.sequence)


def _audit(operation: Operation, outcome: AuditEvent.Outcome) -> None:
    user = operation.user
    AuditEvent.objects.create(
        user_id=user.id if user else "",
        user_name=user.name if user else "",
        project_id=operation.project_id,
        action=f"instance.{operation.kind}",
        target_type="instance",
        target_id=str(operation.instance_id),
        target_name=operation.instance.name,
        outcome=outcome,
        detail={"operation": str(operation.pk), **({"error": operation.error} if operation.error else {})},
        request_id=operation.request_id,
    )
