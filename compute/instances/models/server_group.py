"""Server groups: instances of a project to place together or apart."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Project, User
from accounts.models.row import RowModel
from compute.engine.models.scoped import ScopedQuerySet

if TYPE_CHECKING:
    from compute.instances.models.instance import Instance


class Policy(models.TextChoices):
    """How the instances of a group are placed. The soft policies are preferences only."""

    AFFINITY = "affinity", _("Together on one host")
    ANTI_AFFINITY = "anti-affinity", _("Apart on different hosts")
    SOFT_AFFINITY = "soft-affinity", _("Together where possible")
    SOFT_ANTI_AFFINITY = "soft-anti-affinity", _("Apart where possible")


class ServerGroup(RowModel):
    """A server group, as in Nova. `most_per_host` is the rule max_server_per_host of the policy anti-affinity.

    `compute.instances.services.server_groups` reads rows with their members.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="server_groups")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=255)
    policy = models.CharField(max_length=32, choices=Policy.choices)
    most_per_host = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["ServerGroup"].as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["project", "created_at", "id"], name="server_groups_of_project")]

    def __str__(self) -> str:
        return self.name

    @property
    def members(self) -> "list[Instance]":
        """Return its instances outside the recycle bin."""
        members: list[Instance] = self.__dict__["_members"]
        return members
