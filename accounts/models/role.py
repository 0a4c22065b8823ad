"""Roles, role inferences, and role assignments."""

from django.db import models
from django.db.models import F, Q

from accounts.models.group import Group
from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Domain, Project
from accounts.models.row import RowModel
from accounts.models.user import User


class Role(IdentifiedModel):
    """A named set of rules, which `accounts.policy` lists.

    A role of a domain gives only what it implies: no token names it, and it is given within its domain alone.
    """

    name = models.CharField(max_length=64)
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, null=True, related_name="roles")
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(domain=None), name="role_name_once"),
            models.UniqueConstraint(fields=["name", "domain"], name="role_name_once_a_domain"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def full_name(self) -> str:
        """Return the name, with that of its domain if it has one."""
        return f"{self.name} · {self.domain.name}" if self.domain else self.name


class RoleInference(models.Model):
    """The rule that the role `prior` implies the role `implied`.

    A closure table: rules that follow from others are rows as well, with `is_direct` false. So one join finds
    everything that a role implies. `accounts.services.roles` maintains it.
    """

    prior = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="inferences")
    implied = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="+")
    is_direct = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prior", "implied"], name="role_inference_once")]

    def __str__(self) -> str:
        return f"{self.prior} implies {self.implied}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def held_by(self, user: User) -> "AssignmentQuerySet":
        """Return the assignments of the user and of every group they are in."""
        groups = Group.members.through.objects.filter(user=user).values("group")
        return self.filter(Q(user=user) | Q(group__in=groups))

    def reaching(self, project: Project) -> "AssignmentQuerySet":
        """Return the assignments that count on the project: its own, and inherited ones from its domain and all above."""
        counts = Q(project=project, inherited=False) | Q(domain=project.domain_id, inherited=True)
        if project.parent_id is not None:
            for steps in range(1, Project.DEEPEST):
                below = "__".join(["project", *["children"] * steps])
                counts |= Q(**{below: project}, inherited=True)
        return self.filter(counts)

    def with_implied(self) -> "AssignmentQuerySet":
        """Return a row for every implied role of each, as `implied_id` and `implied_name`; null if there is none."""
        return self.annotate(
            implied_id=F("role__inferences__implied"), implied_name=F("role__inferences__implied__name")
        ).select_related("role")


class Assignment(RowModel):
    """The role of a user or a group on a project, on a domain, or else on the system.

    An inherited one counts on every project below its project or domain, but not there itself.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="assignments")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="assignments")
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="assignments")
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, null=True, related_name="assignments")
    inherited = models.BooleanField(default=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Nulls differ in an index, so each kind of scope has a constraint of its own.
            models.UniqueConstraint(fields=["user", "role", "project", "inherited"], name="assignment_once"),
            models.UniqueConstraint(
                fields=["user", "role", "domain", "inherited"], name="domain_assignment_once"
            ),
            models.UniqueConstraint(
                fields=["user", "role"], condition=Q(project=None, domain=None), name="system_assignment_once"
            ),
            models.UniqueConstraint(
                fields=["group", "role", "project", "inherited"], name="group_assignment_once"
            ),
            models.UniqueConstraint(
                fields=["group", "role", "domain", "inherited"], name="group_domain_assignment_once"
            ),
            models.UniqueConstraint(
                fields=["group", "role"],
                condition=Q(project=None, domain=None),
                name="group_system_assignment_once",
            ),
            models.CheckConstraint(
                condition=Q(user=None, group__isnull=False) | Q(user__isnull=False, group=None),
                name="assignment_of_user_or_group",
            ),
            models.CheckConstraint(
                condition=Q(project=None, domain__isnull=False)
                | Q(domain=None, project__isnull=False)
                | Q(project=None, domain=None, inherited=False),
                name="assignment_on_one_place",
            ),
        ]

    def __str__(self) -> str:
        place = self.project or self.domain or "the system"
        return f"{self.user or self.group} is {self.role} {'below' if self.inherited else 'on'} {place}"

    @property
    def actor(self) -> User | Group | None:
        """Return the user or group that has the role."""
        return self.user or self.group
