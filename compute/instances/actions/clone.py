"""Clone: a new instance with a copy of another's disk, and its own id, name, cards and config drive.

Two operations work hand in hand. That of the source copies the disk, so that nothing else happens to the source
meanwhile; that of the new instance waits for the copy and goes on as a launch does.
"""

from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import Conflict, OverQuota
from accounts.names import clean_name
from accounts.services import quotas
from compute.driver.errors import GuestBusy
from compute.driver.guest import state_files
from compute.driver.specs import DiskFormat
from compute.engine import operations
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.operations import Run, Step, Wait
from compute.hosts.services import hosts
from compute.images.services import images
from compute.instances import states
from compute.instances.actions.disk_copying import copy_while_it_runs, live_copy, runs, size_of
from compute.instances.actions.launch import WriteConfigDrive
from compute.instances.actions.steps import Define, PowerOn, ReserveAddresses
from compute.instances.models import Instance
from compute.instances.services import expiry, flavors, hardware, scheduler, server_groups, transitions
from compute.networks.services import addresses

LOOK_AGAIN = timedelta(seconds=30)
OUTSIDE = "outside_group"
"""The parameter that says why a clone is not in its source's server group."""

COPIED = (
    "project",
    *flavors.COPIED,
    "image",
    "hypervisor",
    "hardware",
    "description",
    "key_name",
    "public_key",
    "user_data",
    "metadata",
    "tags",
    "server_group",
)


class CopyDisk(Step):
    """Copy the source's disk: of one that runs while it runs, of one that is off by copying the file."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        source, copy = run.instance, _copy(run.operation)
        pool = hosts.pool_of(source)
        building = copy.operations.filter(kind=LaunchClone.verb).first()

        def progress(done: int, total: int) -> None:
            run.progress(done, total)
            if building is not None:
                operations.show_progress(building, done, total)

        if pool.stat(copy.disk_name) is not None:
            return
        if runs(source):
            self._copy_live(run, source, copy, progress)
        else:
            pool.copy(source.disk_name, copy.disk_name, progress)

    def _copy_live(self, run: Run, source: Instance, copy: Instance, progress: Any) -> None:
        pool, image = hosts.pool_of(source), images.of(source)

        def make_overlay() -> None:
            pool.delete(copy.copy_name)  # of a copy that was cut off
            kind: DiskFormat = "qcow2" if image.disk_format == "qcow2" else "raw"
            pool.overlay(copy.copy_name, image.volume_name, size_of(source), kind)

        copy_while_it_runs(run, live_copy(source, copy.copy_name), make_overlay, progress)
        pool.rename(copy.copy_name, copy.disk_name)

    def undo(self, run: Run) -> None:
        source, copy = run.instance, _copy(run.operation)
        if source.hypervisor is not None:
            live_copy(source, copy.copy_name).end()
            for name in (copy.copy_name, copy.disk_name):
                hosts.pool_of(source).delete(name)


class CopyMemories(Step):
    """Copy what its firmware and its TPM remember: how it boots, and keys to which the disk may be sealed."""

    name: ClassVar[str] = "memories"
    label: ClassVar[str] = gettext_noop("Copy what firmware and TPM remember")

    def do(self, run: Run) -> None:
        source, copy = run.instance, _copy(run.operation)
        run.check()
        state_files.copy_nvram(hosts.nvram(source), hosts.nvram(copy))
        if hardware.of(source).tpm is not None:
            state_files.copy_tpm_state(str(source.pk), str(copy.pk))

    def undo(self, run: Run) -> None:
        copy = _copy(run.operation)
        state_files.delete(hosts.nvram(copy), str(copy.pk))


class AwaitDisk(Step):
    """Wait for the copy of the disk without holding a worker."""

    name: ClassVar[str] = "disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        copying = _copying(run.instance)
        if copying.state in Operation.OPEN:
            raise Wait(until=timezone.now() + LOOK_AGAIN)
        if copying.state != Operation.State.SUCCEEDED:
            raise Conflict(
                _("The disk of %(name)s was not copied: %(why)s")
                % {
                    "name": copying.instance.name,
                    "why": copying.error["message"] if copying.error else _("it was cancelled."),
                }
            )

    def undo(self, run: Run) -> None:
        """Who deletes the copy ends the copying too, and waits until that has let go of the files."""
        instance, copying = run.instance, _copying(run.instance)
        if copying.state in Operation.OPEN:
            operations.cancel_unless(copying, ())
            raise GuestBusy(f"The disk of {copying.instance.name} is still being copied.")
        if instance.hypervisor is not None:
            hosts.pool_of(instance).delete(instance.disk_name)
            state_files.delete(hosts.nvram(instance), str(instance.pk))


class Clone(Action):
    """Takes `name`. The new instance has the same size, image, labels, key, user data, server group and firmware.

    It stands beside its source. Where their server group forbids that, or is full, it is made outside the group, and
    the operation says why.
    """

    verb = "clone"
    label = gettext_lazy("Clone")
    icon = "copy"
    bulk = False
    fields = ("name",)
    asks = True
    cancellable = True
    steps = (CopyDisk(), CopyMemories())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make the new instance's rows. Raises BadInput naming `name`, OverQuota, Conflict (no room, no address)."""
        name = clean_name(parameters.get("name"))
        quotas.reserve(
            instance.project,
            {
                "instances": 1,
                "cores": instance.vcpus,
                "ram": instance.ram_mib,
                "gigabytes": instance.disk_gib,
            },
            context.user,
        )
        copy = Instance.objects.create(
            user=context.user,
            name=name,
            task_state=states.MOVES[LaunchClone.verb].task,
            expires_at=expiry.default(),
            **{field: getattr(instance, field) for field in COPIED},
        )
        scheduler.check(copy)
        outside = _join_group(context, copy)
        for port in instance.ports.select_related("network").order_by("created_at", "pk"):
            addresses.plug(copy, port.network)
        operations.enqueue(context, LaunchClone.verb, copy, parameters={"source": str(instance.pk)})
        transitions.change(copy)
        return {"copy": str(copy.pk), "name": name} | ({OUTSIDE: outside} if outside else {})

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        _tell(operation)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        _tell(operation)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        _tell(operation)


class LaunchClone(Action):
    """Begun by `Clone`: there is no instance to begin with."""

    verb = "launch_clone"
    label = gettext_lazy("Launch as a clone")
    icon = "rocket"
    cancellable = True
    steps: tuple[Step, ...] = (AwaitDisk(), ReserveAddresses(), WriteConfigDrive(), Define(), PowerOn())


def _join_group(context: Context, copy: Instance) -> str:
    """Keep the copy in its source's server group if it may be there, else say why not."""
    group = copy.server_group
    if group is None:
        return ""
    try:
        server_groups.enforce_members(group, context.user, 0)
        scheduler.check_group(copy)
    except (Conflict, OverQuota) as error:
        transitions.change(copy, server_group=None)
        return _("It is not in the server group %(group)s. %(reason)s") % {
            "group": group.name,
            "reason": error,
        }
    return ""


def _tell(operation: Operation) -> None:
    operations.wake(operation.parameters["copy"], "copied")


def _copy(operation: Operation) -> Instance:
    return Instance.objects.get(pk=operation.parameters["copy"])


def _copying(copy: Instance) -> Operation:
    """The operation that copies the disk for this instance."""
    return Operation.objects.select_related("instance").get(
        kind=Clone.verb, project=copy.project_id, parameters__copy=str(copy.pk)
    )
