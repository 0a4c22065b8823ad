"""Instances: virtual machines of a project."""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.functional import cached_property

from accounts.models import Project, User
from compute.engine.models.subject import Subject, SubjectQuerySet
from compute.hosts.models.hypervisor import Hypervisor
from compute.images.models.image import Image
from compute.instances import states

if TYPE_CHECKING:
    from compute.networks.models import Port
    from compute.volumes.models import Attachment


class BootStage(models.TextChoices):
    """How far a running guest has booted since it was powered on."""

    NONE = ""
    BOOTING = "booting"
    ADDRESS = "address"
    REACHABLE = "reachable"


class InstanceQuerySet(SubjectQuerySet["Instance"]):
    def existing(self) -> "InstanceQuerySet":
        """Return the instances that are not deleted for good; those in the recycle bin are among them."""
        return self.exclude(vm_state=states.VmState.DELETED)

    def present(self) -> "InstanceQuerySet":
        """Return the instances that are neither deleted for good nor in the recycle bin."""
        return self.existing().exclude(vm_state=states.VmState.SOFT_DELETED)

    def in_recycle_bin(self) -> "InstanceQuerySet":
        return self.filter(vm_state=states.VmState.SOFT_DELETED)


class Instance(Subject):
    """One virtual machine.

    The columns of its flavor are copied, so that no change of the flavor changes an instance. For the same reason
    `hardware` holds the machine options of flavor and image (`compute.instances.services.hardware.options`).

    `restore_to` is the state in which a verb that leads back ends, such as unrescue.
    `resized_from` holds the columns copied from the earlier flavor until a resize is confirmed.
    `reservation_id` is that of all instances of one request, and `launch_index` the place among them, from 0.
    `requested_zone` and `scheduler_hints` are explained in `compute.instances.services.placement`.
    `agent` holds the facts of the agent in the guest (`compute.instances.services.agents`), null while none answers.
    `headroom` holds how far the running guest can grow (`compute.instances.services.headroom`), null if unknown.
    """

    STATE: ClassVar[str] = "vm_state"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="instances")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    hostname = models.CharField(max_length=255, blank=True)
    """The name that was asked for; empty for one that follows from the instance's."""
    flavor_id = models.CharField(max_length=255, blank=True)
    flavor_name = models.CharField(max_length=255, blank=True)
    image = models.ForeignKey(Image, on_delete=models.SET_NULL, null=True, related_name="+")
    hypervisor = models.ForeignKey(Hypervisor, on_delete=models.PROTECT, null=True, related_name="instances")
    server_group = models.ForeignKey(
        "compute.ServerGroup", on_delete=models.SET_NULL, null=True, related_name="instances"
    )
    reservation_id = models.CharField(max_length=16, blank=True, db_index=True)
    launch_index = models.PositiveIntegerField(default=0)
    requested_zone = models.CharField(max_length=255, blank=True)
    scheduler_hints = models.JSONField(default=dict)
    vcpus = models.PositiveIntegerField()
    ram_mib = models.PositiveIntegerField()
    disk_gib = models.PositiveIntegerField()
    ephemeral_gib = models.PositiveIntegerField(default=0)
    swap_mib = models.PositiveIntegerField(default=0)
    key_name = models.CharField(max_length=255, blank=True)
    public_key = models.TextField(blank=True)
    user_data = models.TextField(blank=True)

    vm_state = models.CharField(max_length=32, default=states.VmState.BUILDING, db_index=True)
    boot_stage = models.CharField(
        max_length=16, choices=BootStage.choices, default=BootStage.NONE, blank=True
    )
    booted_at = models.DateTimeField(null=True)
    restore_to = models.CharField(max_length=32, blank=True)
    rescue_image = models.ForeignKey(Image, on_delete=models.SET_NULL, null=True, related_name="+")
    keyboard = models.CharField(max_length=8, blank=True)
    """The layout inside the guest, once somebody has said it (`compute.instances.services.keyboards`)."""
    shelved_image = models.ForeignKey(Image, on_delete=models.SET_NULL, null=True, related_name="shelved")
    resized_from = models.JSONField(null=True)
    hardware = models.JSONField(default=dict)
    boots_from_volume = models.BooleanField(default=False)
    """Whether its root disk is a volume. Its own `disk_gib` is then 0, whatever the flavor says."""
    current_snapshot = models.ForeignKey(
        "compute.InstanceSnapshot", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """The snapshot on which its disks stand: the last one taken of it, or reverted to."""
    snapshot_count = models.PositiveIntegerField(default=0)
    locked = models.BooleanField(default=False)
    locked_reason = models.CharField(max_length=255, blank=True)
    metadata = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    access_ipv4 = models.GenericIPAddressField(protocol="IPv4", null=True)
    access_ipv6 = models.GenericIPAddressField(protocol="IPv6", null=True)
    agent = models.JSONField(null=True)
    headroom = models.JSONField(null=True)
    expires_at = models.DateTimeField(null=True, db_index=True)
    expiry_warned_at = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="instances_of_project"),
            models.Index(
                fields=["project", "vm_state", "task_state", "-created_at", "id"], name="instances_by_state"
            ),
            models.Index(fields=["vm_state", "deleted_at"], name="instances_deleted"),
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
        """Return its status's colour; blue too while the guest boots."""
        if self.boot_stage == BootStage.BOOTING:
            return states.Colour.BLUE
        return states.colour(self.vm_state, self.task_state)

    @property
    def has_console(self) -> bool:
        """Return whether it runs, so that it has a screen."""
        return self.vm_state in states.RUNNING

    @property
    def was_launched(self) -> bool:
        """Return whether a guest of it has ever run."""
        return self.launched_at is not None

    @property
    def availability_zone(self) -> str:
        """Return the availability zone of the host; without a host, the requested zone."""
        return self.hypervisor.availability_zone if self.hypervisor else self.requested_zone

    @cached_property
    def ordered_ports(self) -> "list[Port]":
        """Return the ports in the order of the guest's interfaces. Costs a query unless lists have read them."""
        return list(self.ports.select_related("network").order_by("created_at", "pk"))

    @cached_property
    def ordered_attachments(self) -> "list[Attachment]":
        """Return its volumes' attachments, oldest first. Costs a query unless lists have read them."""
        return list(self.attachments.filter(released=False).order_by("created_at", "pk"))

    @property
    def guest_name(self) -> str:
        """Return the name of the libvirt domain."""
        return f"instance-{self.id}"
