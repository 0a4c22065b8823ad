"""Groups of users. Every member has the roles of the group."""

from django.db import models

from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Domain
from accounts.models.user import User


class Group(IdentifiedModel):
    """A group of users. The name is unique within its domain; members may come from any domain."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    members = models.ManyToManyField(User, related_name="groups")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="group_name_in_domain")]

    def __str__(self) -> str:
        return self.name
