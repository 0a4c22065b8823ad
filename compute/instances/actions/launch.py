"""Launch: the rows in one transaction, then a guest in small steps."""

from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import policy
from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import AuditEvent, Project
from accounts.services import audit, quotas
from compute.engine import operations
from compute.engine.actions.base import Action, kept_key, password_of, repeated, secret
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.images.services import images
from compute.instances import states
from compute.instances.actions.steps import Define, PowerOn, ReserveAddresses
from compute.instances.models import Instance
from compute.instances.services import (
    config_drive,
    expiry,
    flavors,
    hardware,
    labels,
    resources,
    scheduler,
    transitions,
)
from compute.instances.services.launch_request import CheckedRequest, LaunchRequest, check
from compute.networks.services import addresses

GIB = 2**30


def launch(context: Context, request: LaunchRequest, idempotency_key: str | None = None) -> list[Instance]:
    """Make the instances' rows and begin building them; all of them or none.

    Asked again with the same key, it returns what the first call made. Raises BadInput naming every wrong
    field, OverQuota naming every short resource, Forbidden, Conflict (no address left).
    """
    policy.enforce(context, "instance:launch")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    project = context.project
    with transaction.atomic():
        # The project's lock comes first: whoever repeats a request waits for the first one's rows.
        Project.objects.select_for_update().get(pk=project.pk)
        key = kept_key(idempotency_key)
        if key and repeated(project.id, f"{key}:1"):
            return _made_by(project, key)
        checked = check(context, request)
        labels.enforce_quota(project.pk, context.user.pk, checked.labels.get("metadata", {}))
        quotas.reserve(project, resources.of(checked.flavor, len(checked.names)), context.user)
        return [
            _begin(context, project, request, checked, name, f"{key}:{number}" if key else None)
            for number, name in enumerate(checked.names, start=1)
        ]


def _begin(
    context: Context,
    project: Project,
    request: LaunchRequest,
    checked: CheckedRequest,
    name: str,
    idempotency_key: str | None,
) -> Instance:
    instance = Instance.objects.create(
        project=project,
        user=context.user,
        name=name,
        image=checked.image,
        hardware=hardware.kept(checked.flavor, checked.image),
        key_name=checked.key_name,
        public_key=checked.public_key,
        user_data=checked.user_data,
        task_state=states.MOVES["launch"].task,
        description=checked.description,
        server_group=checked.server_group,
        **flavors.copied(checked.flavor),
        **checked.placement,
        expires_at=expiry.default(),
        **checked.labels,
    )
    for network in checked.networks:
        addresses.plug(instance, network)
    operations.enqueue(
        context,
        Launch.verb,
        instance,
        parameters=secret(request.admin_password),
        idempotency_key=idempotency_key,
    )
    transitions.change(instance)
    audit.record(
        context,
        "instance.launch",
        outcome=AuditEvent.Outcome.REQUESTED,
        target_type="instance",
        target_id=str(instance.pk),
        target_name=instance.name,
        detail={"flavor": checked.flavor.name, "image": checked.image.name},
    )
    return instance


def _made_by(project: Project, idempotency_key: str) -> list[Instance]:
    return list(
        Instance.objects.filter(
            project=project, operations__idempotency_key__startswith=f"{idempotency_key}:"
        ).order_by("created_at")
    )


class Place(Step):
    """Choose the hypervisor."""

    name: ClassVar[str] = "place"
    label: ClassVar[str] = gettext_noop("Choose a hypervisor")

    def do(self, run: Run) -> None:
        scheduler.place(run.instance)


class CopyImage(Step):
    """Bring the image into the hypervisor's pool, once for all its instances."""

    name: ClassVar[str] = "image"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        instance = run.instance
        transitions.task(instance, states.TaskState.STORAGE)
        images.bring(images.of(instance), hosts.pool_of(instance), run.progress)


class MakeDisk(Step):
    """Make the disk as an overlay of the image."""

    name: ClassVar[str] = "disk"
    label: ClassVar[str] = gettext_noop("Make the disk")

    def do(self, run: Run) -> None:
        instance = run.instance
        image = images.of(instance)
        run.check()
        hosts.pool_of(instance).overlay(
            instance.disk_name,
            image.volume_name,
            max(instance.disk_gib * GIB, image.virtual_size),
            "qcow2" if image.disk_format == "qcow2" else "raw",
        )

    def undo(self, run: Run) -> None:
        if run.instance.hypervisor is not None:
            hosts.pool_of(run.instance).delete(run.instance.disk_name)


class WriteConfigDrive(Step):
    """Write what the guest reads about itself."""

    name: ClassVar[str] = "config_drive"
    label: ClassVar[str] = gettext_noop("Write the config drive")

    def do(self, run: Run) -> None:
        instance = run.instance
        run.check()
        hosts.pool_of(instance).write(
            instance.config_drive_name, config_drive.build(instance, password_of(run))
        )
        transitions.task(instance, states.TaskState.SPAWNING)

    def undo(self, run: Run) -> None:
        if run.instance.hypervisor is not None:
            hosts.pool_of(run.instance).delete(run.instance.config_drive_name)


class Launch(Action):
    """Begins by `launch`, not by `begin`: there is no instance to begin with."""

    verb = "launch"
    label = gettext_lazy("Launch")
    icon = "rocket"
    cancellable = True
    steps: tuple[Step, ...] = (
        Place(),
        CopyImage(),
        MakeDisk(),
        ReserveAddresses(),
        WriteConfigDrive(),
        Define(),
        PowerOn(),
    )
