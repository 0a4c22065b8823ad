"""Instances as the list shows them. A page has fifty rows, so each word and address is made once, outside the template."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from compute.engine.actions import registry
from compute.engine.actions.permitted import refusal
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import scheduler
from portal import words
from portal.activity_entries import make_entry
from portal.templatetags.cloud import ago, mib, status

IN_ROW = ("start",)
"""Actions with a button in each row. All others come with the row's menu, once it is opened."""


class Progress(NamedTuple):
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What stands below the status: the current step, the fault, or how far the guest has booted.

    `progress` is that of the current step. `whole` is the text before it was shortened.
    """

    text: str
    danger: bool = False
    whole: str = ""
    progress: Progress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of a row that begins an action."""

    verb: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """A row of the list: plain values, so that equal rows look alike. `console_url` is empty without a console.

    `status` and `age` are HTML.
    """

    id: str
    name: str
    owner: str
    url: str
    console_url: str
    status: SafeString
    note: Note | None
    addresses: tuple[str, ...]
    size: str
    hardware: str
    age: SafeString
    buttons: tuple[Button, ...]
    has_box: bool
    language: str | None

    @property
    def html(self) -> SafeString:
        return _html(self)


@lru_cache(maxsize=2048)
def _html(row: InstanceRow) -> SafeString:
    """Return the row's markup, which takes longer to make than all that is in it."""
    return render_to_string("instances/row.html", {"row": row})


def rows(
    context: Context, instances: list[Instance], *, everywhere: bool = False, has_boxes: bool = True
) -> list[InstanceRow]:
    """Return the rows of instances with details. `everywhere` adds their owners. Costs no query."""
    actions = [action for verb in IN_ROW if (action := registry.find(f"instance.{verb}"))]
    may_console = policy.allows(context, "instance:console")
    cores, language = _("%(n)s vCPU"), get_language()
    page, console = (_Address(name) for name in ("instance", "instance-console"))
    return [
        InstanceRow(
            id=(key := str(instance.pk)),
            name=instance.name,
            owner=f"{instance.project.name} · {instance.user.name if instance.user else '–'}"
            if everywhere
            else "",
            url=page.with_id(key),
            console_url=console.with_id(key) if may_console and instance.has_console else "",
            status=status(instance),
            note=_note(instance),
            addresses=tuple(port.address for port in instance.ordered_ports),
            size=instance.flavor_name,
            hardware=f"{cores % {'n': instance.vcpus}} · {mib(instance.ram_mib)}",
            age=ago(instance.created_at),
            buttons=tuple(
                Button(verb=action.verb, label=str(action.label), icon=action.icon)
                for action in actions
                if action.applies(instance) and refusal(context, action, instance) is None
            ),
            has_box=has_boxes,
            language=language,
        )
        for instance in instances
    ]


class _Address:
    """An address with an id in it, looked up once for all ids."""

    def __init__(self, name: str) -> None:
        self._before, self._after = reverse(name, args=[UUID(int=0)]).split(str(UUID(int=0)))

    def with_id(self, key: str) -> str:
        return f"{self._before}{key}{self._after}"


def _note(instance: Instance) -> Note | None:
    host = instance.hypervisor
    if host is not None and host.state == Hypervisor.State.UNREACHABLE:
        return Note(text=_("Its host does not answer."), danger=True)
    operation = instance.open_operation
    current = make_entry(operation).current if operation else None
    if operation and (operation.progress or current):
        progress = operation.progress
        return Note(
            text=str(current.label) if current else "",
            progress=Progress(progress["done"], progress["total"]) if progress else None,
        )
    if instance.fault:
        fault = instance.fault["message"]
        # What all of them say leaves no place for what this one says.
        reason = fault.removeprefix(f"{scheduler.NO_HOST} ")
        return Note(text=Truncator(reason).words(12), danger=True, whole=fault)
    if instance.status == "ACTIVE" and instance.boot_stage:
        return Note(text=words.boot_stage(instance.boot_stage))
    return None
