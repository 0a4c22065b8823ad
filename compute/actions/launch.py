"""Launch: the rows in one transaction, then a guest in small steps."""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

import yaml
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Forbidden, NotFound
from accounts.models import AuditEvent, Project
from accounts.names import clean_name
from accounts.services import audit, quotas
from compute import operations, states
from compute.actions.base import Action, kept_key, repeated
from compute.actions.steps import Define, PowerOn, ReserveAddresses
from compute.models import Flavor, Image, Instance
from compute.operations import Run, Step
from compute.services import (
    addresses,
    config_drive,
    flavors,
    hosts,
    images,
    keypairs,
    networks,
    scheduler,
    transitions,
)

GIB = 2**30
MOST_AT_ONCE = 50
LONGEST_USER_DATA = 65_535
"""Nova's limit for user data, counted in base64 (API reference, servers, user_data)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What a person or a client asked for, not yet checked. Texts are as typed; `user_data` is not base64."""

    name: object
    flavor_id: object
    image_id: object
    count: object = 1
    keypair_name: object = ""
    public_key: object = ""
    user_data: object = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    names: list[str]
    flavor: Flavor
    image: Image
    key_name: str
    public_key: str
    user_data: str


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
        checked = _check(context, request)
        count = len(checked.names)
        quotas.reserve(
            project,
            {
                "instances": count,
                "cores": count * checked.flavor.vcpus,
                "ram": count * checked.flavor.ram_mib,
                "gigabytes": count * checked.flavor.disk_gib,
            },
        )
        return [
            _begin(context, project, checked, name, f"{key}:{number}" if key else None)
            for number, name in enumerate(checked.names, start=1)
        ]


def _begin(
    context: Context, project: Project, checked: _Checked, name: str, idempotency_key: str | None
) -> Instance:
    instance = Instance.objects.create(
        project=project,
        user=context.user,
        name=name,
        flavor=checked.flavor,
        image=checked.image,
        vcpus=checked.flavor.vcpus,
        ram_mib=checked.flavor.ram_mib,
        disk_gib=checked.flavor.disk_gib,
        key_name=checked.key_name,
        public_key=checked.public_key,
        user_data=checked.user_data,
        task_state=states.MOVES["launch"].task,
    )
    addresses.plug(instance, networks.default(context))
    operations.enqueue(context, Launch.verb, instance, parameters={}, idempotency_key=idempotency_key)
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


def _check(context: Context, request: LaunchRequest) -> _Checked:
    """Check every field before saying anything, so that a person reads all that is wrong at once."""
    wrong: dict[str, Any] = {}

    def checked(field: str, check: Any, *arguments: object) -> Any:
        try:
            return check(*arguments)
        except BadInput as error:
            wrong[field] = error.fields.get(field) or next(iter(error.fields.values()), error.text)
        except NotFound as error:
            wrong[field] = error.text
        return None

    flavor = checked("flavor_id", flavors.get, context, request.flavor_id)
    image = checked("image_id", images.get, context, request.image_id)
    names = checked("name", _names, request.name, request.count)
    if (quotas.whole_number(request.count) or 0) not in range(1, MOST_AT_ONCE + 1):
        wrong["count"] = _("Give a whole number from 1 to %(most)s.") % {"most": MOST_AT_ONCE}
    key_name, public_key = "", ""
    if request.public_key:
        key_name, public_key = "", checked("public_key", keypairs.clean_public_key, request.public_key)
    elif request.keypair_name:
        keypair = checked("keypair_name", keypairs.get, context, str(request.keypair_name))
        key_name, public_key = (keypair.name, keypair.public_key) if keypair else ("", "")
    user_data = checked("user_data", encoded_user_data, request.user_data)
    if flavor and image and (reason := images.does_not_fit(image, flavor)):
        wrong["flavor_id"] = reason
    if wrong:
        raise BadInput(fields=wrong)
    return _Checked(
        names=names,
        flavor=flavor,
        image=image,
        key_name=key_name,
        public_key=public_key,
        user_data=user_data,
    )


def _names(name: object, count: object) -> list[str]:
    """The name itself, or name-1 … name-n."""
    number = min(quotas.whole_number(count) or 1, MOST_AT_ONCE)
    if number <= 1:
        return [clean_name(name)]
    stem = clean_name(name, longest=255 - len(f"-{number}"))
    return [f"{stem}-{index}" for index in range(1, number + 1)]


def encoded_user_data(given: object) -> str:
    """User data in base64, or empty. Raises BadInput when it is too long or its cloud-config cannot be read."""
    if not given:
        return ""
    if not isinstance(given, str):
        raise BadInput(fields={"user_data": _("Give text.")})
    text = given.replace("\r\n", "\n")
    try:
        encoded = base64.b64encode(text.encode()).decode()
    except UnicodeEncodeError as error:
        raise BadInput(fields={"user_data": _("This is not valid Unicode text.")}) from error
    if len(encoded) > LONGEST_USER_DATA:
        raise BadInput(
            fields={
                "user_data": _("Use at most %(longest)s bytes.") % {"longest": LONGEST_USER_DATA * 3 // 4}
            }
        )
    if text.startswith("#cloud-config"):
        _check_cloud_config(text)
    return encoded


def _check_cloud_config(text: str) -> None:
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = _("line %(line)s") % {"line": mark.line + 1} if mark else _("somewhere")
        raise BadInput(
            fields={"user_data": _("The YAML cannot be read at %(where)s.") % {"where": where}}
        ) from error
    if not isinstance(read, dict | None):
        raise BadInput(fields={"user_data": _("A cloud-config is a mapping of keys to values.")})


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
        hosts.pool_of(instance).create_overlay(
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
        hosts.pool_of(instance).write_bytes(instance.config_drive_name, config_drive.build(instance))
        transitions.task(instance, states.TaskState.SPAWNING)

    def undo(self, run: Run) -> None:
        if run.instance.hypervisor is not None:
            hosts.pool_of(run.instance).delete(run.instance.config_drive_name)


class Launch(Action):
    """Begins by `launch`, not by `begin`: there is no instance to begin with."""

    verb = "launch"
    label = gettext_lazy("Launch")
    icon = "rocket"
    steps: tuple[Step, ...] = (
        Place(),
        CopyImage(),
        MakeDisk(),
        ReserveAddresses(),
        WriteConfigDrive(),
        Define(),
        PowerOn(),
    )
