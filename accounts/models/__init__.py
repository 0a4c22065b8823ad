"""Rows of accounts: who people are and what they may use."""

from accounts.models.audit import AuditEvent
from accounts.models.installation import Installation
from accounts.models.one_time_link import OneTimeLink
from accounts.models.project import Domain, Project
from accounts.models.quota import Quota
from accounts.models.role import Assignment, Role
from accounts.models.user import User

__all__ = [
    "Assignment",
    "AuditEvent",
    "Domain",
    "Installation",
    "OneTimeLink",
    "Project",
    "Quota",
    "Role",
    "User",
]
