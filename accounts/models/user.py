"""Users: people and scripts that sign in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Domain, Project


class UserManager(BaseUserManager["User"]):
    def create_user(self, name: str, password: str | None, *, domain: Domain, **fields: object) -> "User":
        """Create a user who may sign in but has no role anywhere yet."""
        user = self.model(name=name, domain=domain, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(IdentifiedModel, AbstractBaseUser):
    """A user. Roles come from assignments alone: there are no superusers."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="users")
    name = models.CharField(max_length=255)
    email = models.EmailField(blank=True)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    default_project = models.ForeignKey(Project, on_delete=models.SET_NULL, null=True, related_name="+")
    theme = models.CharField(max_length=8, default="auto")
    rows = models.CharField(max_length=8, default="normal")
    """How high the rows of lists are."""
    hidden_columns = models.JSONField(default=list)
    """The columns that the list of instances leaves out."""
    operations_seen_at = models.DateTimeField(default=timezone.now)
    """When the user last opened the header's list of operations."""
    language = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    password_changed_at = models.DateTimeField(default=timezone.now)
    extra = models.JSONField(default=dict)
    """Further fields that clients store on a user, returned as they came."""

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="user_name_in_domain")]

    def __str__(self) -> str:
        return self.name

    def set_password(self, raw_password: str | None) -> None:
        """Set the password. Tokens that were issued before it become invalid."""
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Return whether the user is enabled, under Django's name."""
        return self.enabled
