"""Rows for tests. Only what a test is about needs to be said."""

import uuid
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Assignment, Domain, Group, Project, Role, User
from accounts.services import roles
from compute.engine.models import Hold, Operation
from compute.hosts.models import Aggregate, Hypervisor, Pool
from compute.images.models import Image
from compute.instances.models import Flavor, Instance, InstanceSnapshot, ServerGroup
from compute.instances.states import VmState
from compute.networks.models import Network, Port
from compute.volumes.models import Attachment, Backup, Disk, Volume, VolumeSnapshot, VolumeType
from compute.volumes.services import disk_layers, volume_types
from compute.volumes.states import BackupState, SnapshotState, VolumeState


class DomainFactory(DjangoModelFactory):
    class Meta:
        model = Domain
        django_get_or_create = ("id",)

    id = Domain.DEFAULT_ID
    name = "Default"


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project
        django_get_or_create = ("domain", "name")

    domain = factory.SubFactory(DomainFactory)
    name = factory.Sequence(lambda number: f"project-{number}")


class RoleFactory(DjangoModelFactory):
    class Meta:
        model = Role
        django_get_or_create = ("name",)

    name = "member"

    @classmethod
    def _create(cls, model_class: type[Role], *args: object, **kwargs: object) -> Role:
        """With all that it implies, if it is a default one."""
        if kwargs.get("name") in roles.DEFAULTS and not Role.objects.filter(name=kwargs["name"]).exists():
            roles.ensure_defaults()
        return super()._create(model_class, *args, **kwargs)


class UserFactory(DjangoModelFactory):
    """Without a usable password unless one is given: hashing takes long."""

    class Meta:
        model = User

    domain = factory.SubFactory(DomainFactory)
    name = factory.Sequence(lambda number: f"user-{number}")
    password = "!"


class GroupFactory(DjangoModelFactory):
    class Meta:
        model = Group

    domain = factory.SubFactory(DomainFactory)
    name = factory.Sequence(lambda number: f"group-{number}")


class AssignmentFactory(DjangoModelFactory):
    class Meta:
        model = Assignment

    user = factory.SubFactory(UserFactory)
    role = factory.SubFactory(RoleFactory)
    project = factory.SubFactory(ProjectFactory)


class FlavorFactory(DjangoModelFactory):
    class Meta:
        model = Flavor

    id = factory.LazyFunction(lambda: str(uuid.uuid4()))
    name = factory.Sequence(lambda number: f"flavor-{number}")
    vcpus = 1
    ram_mib = 128
    disk_gib = 1


class ImageFactory(DjangoModelFactory):
    class Meta:
        model = Image

    name = "tiny"
    status = Image.Status.ACTIVE
    virtual_size = 64 * 2**20


class NetworkFactory(DjangoModelFactory):
    class Meta:
        model = Network

    name = "default"
    cidr = "10.48.0.0/20"
    bridge = factory.Sequence(lambda number: f"mrtest{number}")


class HypervisorFactory(DjangoModelFactory):
    """A host that is up, with 4 processors, 8 GiB of memory and 100 GiB of disk, none overcommitted."""

    class Meta:
        model = Hypervisor

    name = factory.Sequence(lambda number: f"host-{number}")
    uri = factory.Sequence(lambda number: f"test:///host-{number}")
    state = Hypervisor.State.UP
    vcpus = 4
    memory_mib = 8192
    disk_gib = 100
    vcpu_ratio = memory_ratio = disk_ratio = 1.0


class PoolFactory(DjangoModelFactory):
    """A pool of the hosts given as `hosts`; of one host where none are."""

    class Meta:
        model = Pool
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"pool-{number}")
    path = factory.LazyAttribute(lambda pool: f"/var/lib/{pool.name}")

    @factory.post_generation
    def hosts(pool: Any, create: bool, hosts: Any, **_fields: object) -> None:  # noqa: N805
        pool.hosts.set(hosts or [HypervisorFactory()])


class AggregateFactory(DjangoModelFactory):
    class Meta:
        model = Aggregate

    name = factory.Sequence(lambda number: f"aggregate-{number}")


class ServerGroupFactory(DjangoModelFactory):
    class Meta:
        model = ServerGroup

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda number: f"group-{number}")
    policy = "anti-affinity"


class InstanceFactory(DjangoModelFactory):
    """One that was launched and runs, unless `vm_state` says otherwise; without a host."""

    class Meta:
        model = Instance

    class Params:
        flavor = factory.SubFactory(FlavorFactory)

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"web-{number}")
    flavor_id = factory.SelfAttribute("flavor.pk")
    flavor_name = factory.SelfAttribute("flavor.name")
    image = factory.SubFactory(ImageFactory)
    vcpus = factory.SelfAttribute("flavor.vcpus")
    ram_mib = factory.SelfAttribute("flavor.ram_mib")
    disk_gib = factory.SelfAttribute("flavor.disk_gib")
    hardware = factory.LazyAttribute(lambda row: {"flavor": dict(row.flavor.extra_specs), "image": {}})
    vm_state = VmState.ACTIVE
    launched_at = factory.LazyAttribute(
        lambda row: None if row.vm_state == VmState.BUILDING else timezone.now()
    )
    deleted_at = factory.LazyAttribute(
        lambda row: timezone.now() if row.vm_state in {VmState.SOFT_DELETED, VmState.DELETED} else None
    )
    restore_to = VmState.ACTIVE


class DiskFactory(DjangoModelFactory):
    """The root disk of an instance, on virtio, in a pool of the instance's host."""

    class Meta:
        model = Disk

    instance = factory.SubFactory(InstanceFactory)
    pool = factory.LazyAttribute(lambda disk: pool_of(disk.instance.hypervisor))
    role = Disk.Role.ROOT
    size_bytes = 2**30
    device = "vda"
    bus = "virtio"


class InstanceSnapshotFactory(DjangoModelFactory):
    """One that was taken, with a layer of the root disk, on which the instance stands."""

    class Meta:
        model = InstanceSnapshot

    instance = factory.SubFactory(InstanceFactory)
    project = factory.SelfAttribute("instance.project")
    name = factory.Sequence(lambda number: f"snapshot-{number}")
    vcpus = factory.SelfAttribute("instance.vcpus")
    ram_mib = factory.SelfAttribute("instance.ram_mib")
    size_gib = 1
    status = SnapshotState.AVAILABLE
    taken_at = factory.LazyFunction(timezone.now)
    parent = factory.SelfAttribute("instance.current_snapshot")

    @classmethod
    def _create(cls, model_class: type[InstanceSnapshot], *args: object, **kwargs: Any) -> InstanceSnapshot:
        row = super()._create(model_class, *args, **kwargs)
        root = row.instance.disks.filter(role=Disk.Role.ROOT).first() or DiskFactory(instance=row.instance)
        row.layers.add(disk_layers.add(root, disk_layers.top_name(root, row.pk)))
        row.instance.current_snapshot, row.instance.snapshot_count = row, row.instance.snapshot_count + 1
        row.instance.save()
        return row


class VolumeTypeFactory(DjangoModelFactory):
    class Meta:
        model = VolumeType

    name = factory.Sequence(lambda number: f"type-{number}")


class VolumeFactory(DjangoModelFactory):
    """One of 1 GiB that is ready and detached, with the row of a disk."""

    class Meta:
        model = Volume

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda number: f"data-{number}")
    size_gib = 1
    status = VolumeState.AVAILABLE
    type = factory.LazyFunction(volume_types.default)
    disk = factory.LazyAttribute(
        lambda row: Disk.objects.create(
            pool=pool_of(HypervisorFactory()), role=Disk.Role.VOLUME, size_bytes=row.size_gib * 2**30
        )
    )


class VolumeSnapshotFactory(DjangoModelFactory):
    """One that is ready, with a layer of its volume's disk."""

    class Meta:
        model = VolumeSnapshot

    volume = factory.SubFactory(VolumeFactory)
    project = factory.SelfAttribute("volume.project")
    size_gib = factory.SelfAttribute("volume.size_gib")
    status = SnapshotState.AVAILABLE

    @classmethod
    def _create(cls, model_class: type[VolumeSnapshot], *args: object, **kwargs: Any) -> VolumeSnapshot:
        row = super()._create(model_class, *args, **kwargs)
        row.layer = disk_layers.add(row.volume.disk, disk_layers.top_name(row.volume.disk, row.pk))
        row.save()
        return row


class BackupFactory(DjangoModelFactory):
    """One with all data of its volume, whose file is not in the store."""

    class Meta:
        model = Backup

    volume = factory.SubFactory(VolumeFactory)
    project = factory.SelfAttribute("volume.project")
    disk = factory.SelfAttribute("volume.disk")
    size_gib = factory.SelfAttribute("volume.size_gib")
    name = factory.Sequence(lambda number: f"backup-{number}")
    status = BackupState.AVAILABLE
    checkpoint_in = factory.SelfAttribute("disk.volume_name")
    taken_at = factory.LazyFunction(timezone.now)
    checksum = "0" * 64
    file_bytes = 1


class AttachmentFactory(DjangoModelFactory):
    """A volume that a running instance has, in the rows of both."""

    class Meta:
        model = Attachment

    instance = factory.SubFactory(InstanceFactory)
    volume = factory.SubFactory(
        VolumeFactory,
        project=factory.SelfAttribute("..instance.project"),
        status=VolumeState.IN_USE,
    )
    attached_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[Attachment], *args: object, **kwargs: Any) -> Attachment:
        row = super()._create(model_class, *args, **kwargs)
        device = f"vd{'bcdefgh'[row.instance.attachments.count() - 1]}"
        Disk.objects.filter(volume=row.volume).update(instance=row.instance, device=device, bus="virtio")
        row.volume.disk.refresh_from_db()
        return row


class PortFactory(DjangoModelFactory):
    class Meta:
        model = Port

    instance = factory.SubFactory(InstanceFactory)
    project = factory.SelfAttribute("instance.project")
    network = factory.SubFactory(NetworkFactory)
    mac = factory.Sequence(lambda number: "fa:16:3f:" + number.to_bytes(3, "big").hex(":"))
    address = factory.Sequence(lambda number: f"10.48.{number // 250 % 16}.{number % 250 + 1}")


class OperationFactory(DjangoModelFactory):
    """One in line, due now. It holds its instance, and what its parameters say that it makes."""

    class Meta:
        model = Operation

    class Params:
        instance = factory.SubFactory(InstanceFactory)

    subject_type = "instance"
    subject_id = factory.SelfAttribute("instance.pk")
    subject_name = factory.SelfAttribute("instance.name")
    project = factory.SelfAttribute("instance.project")
    kind = "instance.stop"
    due_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[Operation], *args: object, **kwargs: Any) -> Operation:
        operation = super()._create(model_class, *args, **kwargs)
        Hold.objects.create(
            operation=operation, resource_type=operation.subject_type, resource_id=operation.subject_id
        )
        for name, noun in (("copy", "instance"), ("image", "image")):
            if operation.verb in MAKERS and name in operation.parameters:
                key = operation.parameters[name]
                Hold.objects.create(operation=operation, resource_type=noun, resource_id=key)
        return operation


def pool_of(host: Hypervisor | None) -> Pool:
    """The pool of a host, made where it has none."""
    pool = host.pools.first() if host else None
    return pool or PoolFactory(hosts=[host] if host else None)


def instance_of(operation: Operation) -> Instance:
    """The instance that an operation is about, as it is now."""
    return Instance.objects.get(pk=operation.subject_id)


MAKERS = {"clone", "take_image", "shelve"}
"""Verbs whose operations make a further row, which is there from the beginning."""


def what_it_makes(verb: str) -> dict[str, str]:
    """Parameters of an operation whose verb makes a further row, which is there from the beginning."""
    match verb:
        case "clone":
            return {"copy": str(InstanceFactory().pk)}
        case "take_image" | "shelve":
            return {"image": str(ImageFactory().pk)}
        case "take_snapshot":
            return {"snapshot": str(InstanceSnapshotFactory().pk)}
    return {}


def with_role(name: str, role: str, project: Project | None) -> User:
    """A user with one role, on the project or on the system."""
    user = UserFactory(name=name, default_project=project)
    AssignmentFactory(user=user, project=project, role__name=role)
    return user


def administrator(name: str, project: Project) -> User:
    """A user who administers the system, and works in the project."""
    user = with_role(name, "admin", None)
    AssignmentFactory(user=user, project=project, role__name="admin")
    return user
