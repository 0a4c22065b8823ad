"""Instances: what people launch."""

import uuid
from typing import TYPE_CHECKING

from django.db import models

from accounts.models import Project, User
from compute.engine.models.scoped import ScopedQuerySet
from compute.hosts.models.hypervisor import Hypervisor
from compute.images.models.image import Image
from compute.instances import states
from compute.instances.models.server_group import ServerGroup

if TYPE_CHECKING:
    from compute.engine.models.operation import Operation


class BootStage(models.TextChoices):
    """How far a running guest has come since it was powered on."""

    NONE = ""
    BOOTING = "booting"
    ADDRESS = "address"
    REACHABLE = "reachable"


class InstanceQuerySet(ScopedQuerySet["Instance"]):
    def existing(self) -> "InstanceQuerySet":
        """Not gone for good; those in the recycle bin are included."""
        return self.exclude(vm_state=states.VmState.DELETED)

    def in_recycle_bin(self) -> "InstanceQuerySet":
        return self.filter(vm_state=states.VmState.SOFT_DELETED)


class Instance(models.Model):
    """One virtual machine. Id, name and sizes of its flavor are copied, so that a changed or deleted flavor changes
    nobody; for the same reason `hardware` keeps what flavor and image said of the machine
    (`compute.instances.services.hardware.kept`).

    `compute.instances.services.transitions` is the only writer of the state fields and of `version`, which grows
    with every change that a page shows. `restore_to` is where a verb that goes there and back ends;
    `resized_from` is what was copied from the flavor before a resize that is not confirmed yet; `wanted_zone`
    and `scheduler_hints` are what `compute.instances.services.placement` says they are. `agent` is what the agent inside
    the guest last said of it (`compute.instances.services.agents`); null while none answers. `room` is how far the running
    guest can grow (`compute.instances.services.room`); null while that is not known.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="instances")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    flavor_id = models.CharField(max_length=255, blank=True)
    flavor_name = models.CharField(max_length=255, blank=True)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, null=True, related_name="+")
    hypervisor = models.ForeignKey(Hypervisor, on_delete=models.PROTECT, null=True, related_name="instances")
    server_group = models.ForeignKey(
        ServerGroup, on_delete=models.SET_NULL, null=True, related_name="instances"
    )
    wanted_zone = models.CharField(max_length=255, blank=True)
    scheduler_hints = models.JSONField(default=dict)
    vcpus = models.PositiveIntegerField()
    ram_mib = models.PositiveIntegerField()
    disk_gib = models.PositiveIntegerField()
    key_name = models.CharField(max_length=255, blank=True)
    public_key = models.TextField(blank=True)
    user_data = models.TextField(blank=True)

    vm_state = models.CharField(max_length=32, default=states.VmState.BUILDING, db_index=True)
    task_state = models.CharField(max_length=32, null=True)
    fault = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=1)
    boot_stage = models.CharField(
        max_length=16, choices=BootStage.choices, default=BootStage.NONE, blank=True
    )
    booted_at = models.DateTimeField(null=True)
    restore_to = models.CharField(max_length=32, blank=True)
    rescue_image = models.ForeignKey(Image, on_delete=models.PROTECT, null=True, related_name="+")
    shelved_image = models.ForeignKey(Image, on_delete=models.SET_NULL, null=True, related_name="+")
    resized_from = models.JSONField(null=True)
    hardware = models.JSONField(default=dict)
    locked = models.BooleanField(default=False)
    locked_reason = models.CharField(max_length=255, blank=True)
    metadata = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    access_ipv4 = models.GenericIPAddressField(protocol="IPv4", null=True)
    access_ipv6 = models.GenericIPAddressField(protocol="IPv6", null=True)
    agent = models.JSONField(null=True)
    room = models.JSONField(null=True)
    expires_at = models.DateTimeField(null=True, db_index=True)
    expiry_warned_at = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "vm_state", "-created_at"], name="instances_of_project"),
            models.Index(fields=["project", "updated_at"], name="instances_changed_in_project"),
            models.Index(fields=["updated_at"], name="instances_changed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> str:
        return states.status(self.vm_state, self.task_state)

    @property
    def colour(self) -> str:
        return states.colour(self.vm_state, self.task_state)

    @property
    def open_operation(self) -> "Operation | None":
        """What is being done to it now; lists prefetch the open operations."""
        prefetched: list[Operation] | None = self.__dict__.get("prefetched_operations")
        if prefetched is None:
            return self.operations.open().order_by("sequence").first()
        return next(iter(prefetched), None)

    @property
    def guest_name(self) -> str:
        """The libvirt domain's name."""
        return f"instance-{self.id}"

    @property
    def disk_name(self) -> str:
        """Its disk in the storage pool."""
        return f"disk-{self.id}"

    @property
    def new_disk_name(self) -> str:
        """The disk that a rebuild makes, until it takes the other's place."""
        return f"new-disk-{self.id}"

    @property
    def copy_name(self) -> str:
        """The disk that it is given by cloning, until the copy is whole."""
        return f"copy-{self.id}"

    @property
    def taken_name(self) -> str:
        """The copy of its disk that becomes an image, until that is whole."""
        return f"taken-{self.id}"

    @property
    def rescue_disk_name(self) -> str:
        """The disk that it boots from while it is rescued."""
        return f"rescue-{self.id}"

    @property
    def volume_names(self) -> tuple[str, ...]:
        """Every file that may be there for it in the storage pool."""
        return (
            self.disk_name,
            self.config_drive_name,
            self.new_disk_name,
            self.copy_name,
            self.taken_name,
            self.rescue_disk_name,
        )

    @property
    def config_drive_name(self) -> str:
        """Its config drive in the storage pool."""
        return f"config-{self.id}"
