"""Launch: create the rows in one transaction, then the guest in steps."""

import secrets
from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import policy
from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import AuditEvent, Project
from accounts.services import audit
from compute.engine import operations
from compute.engine.actions.idempotency import find_operation, hash_key
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.engine.services import metadata, transitions
from compute.images.services import delivery
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.config_drives import write_config_drive
from compute.instances.actions.passwords import ADMIN_PASSWORD, secret_password
from compute.instances.actions.steps import Define, PowerOn, ReserveAddresses
from compute.instances.models import Instance
from compute.instances.services import (
    block_devices,
    boot_images,
    disk_filling,
    expiry,
    flavors,
    guests,
    launch_volumes,
    machine_disks,
    resources,
    scheduler,
)
from compute.instances.services.launch_request import CheckedRequest, LaunchRequest, check
from compute.instances.states import TaskState, VmState
from compute.networks.services import addresses
from compute.volumes.models import Disk
from compute.volumes.services import disks, volume_contents

VOLUMES = "volumes"
"""The parameter with the ids of the volumes that the instance gets."""


def launch(context: Context, request: LaunchRequest, idempotency_key: str | None = None) -> list[Instance]:
    """Create the instances' rows and begin their operations, all or none. Return the instances.

    A repeated idempotency key returns the instances of the first call. Raise BadInput naming every wrong field,
    OverQuota naming every exceeded resource, Forbidden, Conflict if no address is free.
    """
    policy.enforce(context, "instance:launch")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    project = context.project
    with transaction.atomic():
        # The project's lock comes first, so that a repeated request waits for the first one's rows.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        key = hash_key(idempotency_key)
        if key and find_operation(project.id, f"{key}:1"):
            return _find_launched(project, key)
        checked = check(context, request)
        metadata.enforce_quota(project.pk, context.user.pk, checked.labels.get("metadata", {}))
        launch_volumes.lock(checked.devices)
        addresses.lock(checked.networks)
        count, has_disk = len(checked.names), checked.image is not None
        amounts = resources.amounts(checked.flavor, count, root_disk=has_disk)
        block_devices.reserve(project, context.user, checked.devices, count, amounts)
        reservation_id = f"r-{secrets.token_hex(4)}"
        return [
            _begin(
                context,
                project,
                request,
                checked,
                index,
                reservation_id,
                f"{key}:{index + 1}" if key else None,
            )
            for index in range(len(checked.names))
        ]


def _begin(
    context: Context,
    project: Project,
    request: LaunchRequest,
    checked: CheckedRequest,
    index: int,
    reservation_id: str,
    idempotency_key: str | None,
) -> Instance:
    instance = Instance.objects.create(
        project=project,
        user=context.user,
        name=checked.names[index],
        reservation_id=reservation_id,
        launch_index=index,
        image=checked.image,
        hardware=checked.hardware,
        boots_from_volume=checked.image is None,
        key_name=checked.key_name,
        public_key=checked.public_key,
        user_data=checked.user_data,
        task_state=Launch.move.task,
        description=checked.description,
        server_group=checked.server_group,
        **flavors.copied_fields(checked.flavor) | ({} if checked.image else {"disk_gib": 0}),
        **checked.placement,
        expires_at=expiry.default(),
        **checked.labels,
    )
    for network in checked.networks:
        addresses.plug(instance, project, network)
    volumes = launch_volumes.create_rows(instance, checked.devices, context.user)
    shared = {row.pk: row for device in checked.devices for row in device.shared}
    if checked.image:
        shared[checked.image.pk] = checked.image
    operations.enqueue(
        context,
        "instance.launch",
        instance,
        parameters={VOLUMES: [str(volume.pk) for volume in volumes]} if volumes else {},
        hidden=secret_password({ADMIN_PASSWORD: request.admin_password}),
        idempotency_key=idempotency_key,
        also=volumes,
        sharing=shared.values(),
    )
    transitions.change(instance)
    audit.record(
        context,
        "instance.launch",
        instance,
        outcome=AuditEvent.Outcome.REQUESTED,
        flavor=checked.flavor.name,
        image=checked.image.name if checked.image else "",
        volumes=[str(volume.pk) for volume in volumes],
    )
    return instance


def _find_launched(project: Project, idempotency_key: str) -> list[Instance]:
    launches = Operation.objects.filter(
        project=project, kind="instance.launch", idempotency_key__startswith=f"{idempotency_key}:"
    )
    return list(Instance.objects.filter(pk__in=launches.values("subject_id")).order_by("created_at"))


def has_volumes(operation: Operation) -> bool:
    """Return whether the instance gets volumes. Most do not, and need not pay for looking."""
    return bool(operation.parameters.get(VOLUMES))


class Place(Step):
    """Choose the hypervisor."""

    name: ClassVar[str] = "place"
    label: ClassVar[str] = gettext_noop("Choose a hypervisor")
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        instance = run.subject
        with transaction.atomic():
            scheduler.place(instance)
            if has_volumes(run.operation):
                launch_volumes.plug(instance, boot=True)
            machine_disks.sync(instance)
            if has_volumes(run.operation):
                launch_volumes.plug(instance, boot=False)

    def undo(self, run: Run) -> None:
        """Delete the disks' rows, whose volumes the later steps have deleted. Volumes are released at the end."""
        if run.subject.launched_at is None:
            run.subject.disks.exclude(role=Disk.Role.VOLUME).delete()


class DeliverImage(Step):
    """Deliver the image into the hypervisor's pool, once for all its instances; and those of its new volumes."""

    name: ClassVar[str] = "image"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        instance = run.subject
        transitions.set_task(instance, TaskState.STORAGE)
        images = launch_volumes.images(instance) if has_volumes(run.operation) else []
        if not instance.boots_from_volume:
            images.insert(0, boot_images.image_of(instance))
        for image in images:
            delivery.wait_for_copy(run, image, guests.host_of(instance))


class MakeDisks(Step):
    """Create the root disk as an overlay of the image, the flavor's further disks, and new volumes."""

    name: ClassVar[str] = "disk"
    label: ClassVar[str] = gettext_noop("Create the disk")

    def do(self, run: Run) -> None:
        for disk in machine_disks.data(run.subject):
            run.check()
            disk_filling.make(disk)
        for volume in launch_volumes.new(run.subject) if has_volumes(run.operation) else ():
            run.check()
            volume_contents.make(volume, run.progress)

    def undo(self, run: Run) -> None:
        for disk in machine_disks.data(run.subject):
            disks.delete_volume(disk)
        for volume in launch_volumes.new(run.subject):
            if volume.disk is not None:
                disks.delete_volume(volume.disk)


class WriteConfigDrive(Step):
    name: ClassVar[str] = "config_drive"
    label: ClassVar[str] = gettext_noop("Write the config drive")

    def do(self, run: Run) -> None:
        instance = run.subject
        write_config_drive(run, instance)
        transitions.set_task(instance, TaskState.SPAWNING)

    def undo(self, run: Run) -> None:
        for disk in run.subject.disks.filter(role=Disk.Role.CONFIG).select_related("pool"):
            disks.delete_volume(disk)


class Launch(InstanceAction):
    """Build a new instance. `launch` begins it in place of `begin`, since there is no row yet."""

    verb = "launch"
    label = gettext_lazy("Launch")
    icon = "rocket"
    order = 0
    move = Move(
        start=frozenset({VmState.BUILDING}),
        task=TaskState.SCHEDULING,
        end=VmState.ACTIVE,
        failed=VmState.ERROR,
    )
    doing = gettext_lazy("Choosing a host")
    api_history = "create"
    cancellable = True
    needs_guest = False
    steps: tuple[Step, ...] = (
        Place(),
        DeliverImage(),
        MakeDisks(),
        ReserveAddresses(),
        WriteConfigDrive(),
        Define(),
        PowerOn(),
    )

    def succeeded(self, operation: Operation) -> None:
        if has_volumes(operation):
            launch_volumes.settle(self.locked(operation))
        super().succeeded(operation)

    def failed(self, operation: Operation) -> None:
        launch_volumes.give_up(self.locked(operation))
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        launch_volumes.give_up(self.locked(operation))
        super().cancelled(operation)

    def stuck(self, operation: Operation) -> None:
        launch_volumes.give_up(self.locked(operation))
        super().stuck(operation)
