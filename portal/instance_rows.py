"""Instances as the list shows them. A page has fifty rows, so each word and address is made once, outside the template."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from compute.engine.actions import registry
from compute.engine.actions.permitted import Choice, choice
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import scheduler
from portal import words
from portal.activity_entries import make_entry
from portal.templatetags.cloud import mib

IN_ROW = ("start",)
"""Actions with a button in each row. All others come with the row's menu, once it is opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What stands below the status: the current step, the fault, or how far the guest has booted.

    `progress` is {"done", "total"} of the current step. `whole` is the text before it was shortened.
    """

    text: str | Promise
    danger: bool = False
    whole: str = ""
    progress: dict[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """A row of the list. `console_url` is empty if there is no console to open."""

    id: UUID
    instance: Instance
    name: str
    owner: str
    url: str
    console_url: str
    note: Note | None
    addresses: list[str]
    hardware: str
    choices: list[Choice]
    select_label: str
    console_label: str
    menu_label: str


def rows(context: Context, instances: list[Instance], *, everywhere: bool = False) -> list[InstanceRow]:
    """Return the rows of instances with details. `everywhere` adds their owners. Costs no query."""
    actions = [action for verb in IN_ROW if (action := registry.find(f"instance.{verb}"))]
    may_console = policy.allows(context, "instance:console")
    cores = _("%(n)s vCPU")
    select, console, menu = _("Select %(name)s"), _("Console of %(name)s"), _("Actions on %(name)s")
    return [
        InstanceRow(
            id=instance.pk,
            instance=instance,
            name=instance.name,
            owner=f"{instance.project.name} · {instance.user.name if instance.user else '–'}"
            if everywhere
            else "",
            url=reverse("instance", args=[instance.pk]),
            console_url=reverse("instance-console", args=[instance.pk])
            if may_console and instance.status == "ACTIVE"
            else "",
            note=_note(instance),
            addresses=[port.address for port in instance.ports.all()],
            hardware=f"{cores % {'n': instance.vcpus}} · {mib(instance.ram_mib)}",
            choices=[
                offer
                for action in actions
                if action.applies(instance) and (offer := choice(context, instance, action)).allowed
            ],
            select_label=select % {"name": instance.name},
            console_label=console % {"name": instance.name},
            menu_label=menu % {"name": instance.name},
        )
        for instance in instances
    ]


def _note(instance: Instance) -> Note | None:
    host = instance.hypervisor
    if host is not None and host.state == Hypervisor.State.UNREACHABLE:
        return Note(text=_("Its host does not answer."), danger=True)
    operation = instance.open_operation
    current = make_entry(operation).current if operation else None
    if operation and (operation.progress or current):
        return Note(text=current.label if current else "", progress=operation.progress)
    if instance.fault:
        fault = instance.fault["message"]
        # What all of them say leaves no place for what this one says.
        reason = fault.removeprefix(f"{scheduler.NO_HOST} ")
        return Note(text=Truncator(reason).words(12), danger=True, whole=fault)
    if instance.status == "ACTIVE" and instance.boot_stage:
        return Note(text=words.boot_stage(instance.boot_stage))
    return None
