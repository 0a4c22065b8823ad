"""The consistency check of rows with hosts, which `manage.py audit` prints. It repairs nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.errors import Unavailable
from compute.engine.models import Hold, Operation
from compute.engine.operations.leftovers import describe_leftovers
from compute.hosts.models import Hypervisor
from compute.hosts.services import questions
from compute.hosts.services.questions import Refused
from compute.instances.models import Instance
from compute.instances.states import VmState
from compute.networks.models import Port
from compute.volumes.models import Attachment, Volume, VolumeSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: where it is, which object it concerns, and a sentence."""

    where: str
    what: str
    sentence: str


SWEEP_LIMIT = timedelta(seconds=15)
"""The sweep runs more often than this, so an operation that has been due for longer is forgotten."""

PATIENCE_SECONDS = 60.0
"""Time limit for a host's own comparison."""


def differences() -> list[Difference]:
    """Return every difference in the database and on every host. One names each host that cannot be compared."""
    result = list(_operations()) + list(_counts())
    for host in Hypervisor.objects.all():
        result += _host(host)
    return result


def _operations() -> Iterator[Difference]:
    """Yield the open operations that no worker runs, and the rows whose task has no operation."""
    for operation in Operation.objects.open().filter(
        Q(lease_until=None) | Q(lease_until__lt=timezone.now()), due_at__lt=timezone.now() - SWEEP_LIMIT
    ):
        yield Difference(
            where="database",
            what=f"operation {operation.pk}",
            sentence=f"{operation.kind} is open since {operation.created_at:%H:%M:%S} and nobody works on it",
        )
    work = Hold.objects.open().filter(resource_id=OuterRef("pk"), shared=False)
    busy = Q(task_state__isnull=False) | Q(vm_state=VmState.BUILDING)
    for instance in Instance.objects.filter(busy, ~Exists(work)):
        yield Difference(
            where="database",
            what=f"instance {instance.pk}",
            sentence=f"says {instance.vm_state}/{instance.task_state}, but no operation is at work on it",
        )
    for noun, rows in (("volume", Volume.objects), ("volume snapshot", VolumeSnapshot.objects)):
        for row in rows.filter(~Exists(work), Q(task_state__isnull=False)):
            yield Difference(
                where="database",
                what=f"{noun} {row.pk}",
                sentence=f"says {row.status}/{row.task_state}, but no operation is at work on it",
            )
    for operation in Operation.objects.filter(state=Operation.State.STUCK):
        yield Difference(
            where="database",
            what=f"operation {operation.pk}",
            sentence=f"is stuck: {describe_leftovers(operation.leftovers)}",
        )
    for operation in Operation.objects.exclude(state__in=Operation.OPEN).filter(finished_at=None):
        yield Difference(
            where="database", what=f"operation {operation.pk}", sentence="is closed without a time of its end"
        )


def _counts() -> Iterator[Difference]:
    """Yield the rows of deleted instances that quotas and hosts still count."""
    for port in Port.objects.filter(instance__vm_state=VmState.DELETED):
        yield Difference(
            where="database", what=f"port {port.address}", sentence="belongs to an instance that is gone"
        )
    for attachment in Attachment.objects.filter(instance__vm_state=VmState.DELETED):
        yield Difference(
            where="database",
            what=f"volume {attachment.volume_id}",
            sentence="is attached to an instance that is gone",
        )
    for instance in Instance.objects.filter(vm_state=VmState.DELETED, hypervisor__isnull=False):
        yield Difference(
            where="database",
            what=f"instance {instance.pk}",
            sentence="is gone but still takes room on a host",
        )


def _host(host: Hypervisor) -> Iterator[Difference]:
    """Yield the differences that the host's console process, which reaches its libvirt, reports."""
    try:
        differences = json.loads(questions.ask(host, "/differences", PATIENCE_SECONDS).content)
    except (Refused, Unavailable) as error:
        differences = [("host", f"could not be compared: {error}")]
    for what, sentence in differences:
        yield Difference(where=host.name, what=what, sentence=sentence)
