"""Volumes as the list shows them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from compute.hosts.models import Hypervisor
from compute.volumes.models import Attachment, Volume
from compute.volumes.services import volume_placement
from portal import volume_words
from portal.activity_entries import make_entry
from portal.instance_rows import Note, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRow:
    """A row of the list; `detail` is the small line below the name."""

    volume: Volume
    detail: str
    note: Note | None
    attachment: Attachment | None

    @property
    def hosts(self) -> str:
        """Return the names of the hosts that reach its pool."""
        disk = self.volume.disk
        return ", ".join(sorted(host.name for host in disk.pool.hosts.all())) if disk else ""


def rows(volumes: Iterable[Volume], *, everywhere: bool = False) -> list[VolumeRow]:
    """Return the rows of volumes with details. `everywhere` adds their owners. Costs no query."""
    return [
        VolumeRow(
            volume=volume,
            detail=_owner(volume) if everywhere else _detail(volume),
            note=_note(volume),
            attachment=volume.attachment,
        )
        for volume in volumes
    ]


def is_away(volume: Volume) -> bool:
    """Return whether no host that reaches the volume answers."""
    hosts = list(volume.disk.pool.hosts.all()) if volume.disk else []
    return bool(hosts) and all(host.state == Hypervisor.State.UNREACHABLE for host in hosts)


def _owner(volume: Volume) -> str:
    return f"{volume.project.name} · {volume.user.name if volume.user else '–'}"


def _detail(volume: Volume) -> str:
    return Truncator(volume.description).chars(80) or volume_words.source(volume)


def _note(volume: Volume) -> Note | None:
    """Return what stands below the state: a host that is away, the current step, or the fault."""
    if is_away(volume):
        return Note(text=_("Its host does not answer."), danger=True)
    operation = volume.open_operation
    current = make_entry(operation).current if operation else None
    if operation and (operation.progress or current):
        progress = operation.progress
        return Note(
            text=str(current.label) if current else "",
            progress=Progress(progress["done"], progress["total"]) if progress else None,
        )
    if volume.fault:
        fault = volume.fault["message"]
        # What all of them say leaves no place for what this one says.
        reason = fault.removeprefix(f"{volume_placement.NO_POOL} ")
        return Note(text=Truncator(reason).words(12), danger=True, whole=fault)
    return None
