"""Credentials that users keep here: EC2 keys, certificates and what else other services ask Keystone for."""

from django.db import models

from accounts.models.application_credential import ApplicationCredential
from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Project
from accounts.models.user import User


class StoredCredential(IdentifiedModel):
    """A credential of a type, whose text is stored encrypted (Keystone: credential). Only EC2 keys mean something here.

    The id of an EC2 key is the SHA-256 of its first access key. One that was made by an application credential gives
    no more than that one gives, and goes with it.
    """

    EC2 = "ec2"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stored_credentials")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, related_name="stored_credentials"
    )
    type = models.CharField(max_length=255)
    sealed_blob = models.TextField()
    access = models.CharField(max_length=255, null=True, unique=True)
    """The access key of an EC2 key, which is as public as a user's name."""
    application_credential = models.ForeignKey(
        ApplicationCredential, on_delete=models.CASCADE, null=True, related_name="stored_credentials"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["type", "id"]

    def __str__(self) -> str:
        return self.access or f"credential of type {self.type}"
