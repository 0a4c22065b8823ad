"""Snapshots of instances: a tree of moments."""

from typing import ClassVar

from django.db import models

from accounts.models import Project, User
from compute.engine.models.subject import Subject, SubjectQuerySet
from compute.hosts.models import Pool
from compute.instances.models.instance import Instance
from compute.volumes.models import DiskLayer
from compute.volumes.states import SnapshotState


class InstanceSnapshotQuerySet(SubjectQuerySet["InstanceSnapshot"]):
    def existing(self) -> "InstanceSnapshotQuerySet":
        """Return the snapshots that are not deleted."""
        return self.exclude(status=SnapshotState.DELETED)


class InstanceSnapshot(Subject):
    """The data of all disks of an instance at a moment.

    It holds layers of the instance's own disks. Of each volume that the instance had there is a snapshot of the volume,
    `volumes` in number. `parent` is the snapshot on which the instance stood. `memory_pool` has the memory of a guest
    that ran, which had `vcpus` and `ram_mib`; it is null for a snapshot without memory. `size_gib` is what it counts in
    the quota beside its volumes' snapshots.
    """

    STATE: ClassVar[str] = "status"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="instance_snapshots")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="snapshots")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")
    layers = models.ManyToManyField(DiskLayer, related_name="instance_snapshots")
    volumes = models.PositiveIntegerField(default=0)
    memory_pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="+")
    vcpus = models.PositiveIntegerField()
    ram_mib = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    size_gib = models.PositiveIntegerField()
    status = models.CharField(max_length=32, choices=SnapshotState.choices, default=SnapshotState.CREATING)
    taken_at = models.DateTimeField(null=True)

    objects = InstanceSnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["project", "status"], name="instance_snapshots_of_project"),
            models.Index(fields=["status", "updated_at"], name="instance_snapshots_deleted"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_memory(self) -> bool:
        return self.memory_pool_id is not None

    @property
    def memory_name(self) -> str:
        """Return the name of the volume with the memory."""
        return f"memory-{self.pk}"
