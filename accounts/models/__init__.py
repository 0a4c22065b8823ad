"""Rows of accounts: domains, projects, users, roles, quotas, tokens, audit events."""

from accounts.models.access_rule import AccessRule
from accounts.models.application_credential import ApplicationCredential
from accounts.models.attempts import FailedAttempts, KnownAddress
from accounts.models.audit import AuditEvent
from accounts.models.catalog import Endpoint, EndpointGroup, Region, Service
from accounts.models.epoch import Epoch
from accounts.models.external_identity import ExternalIdentity
from accounts.models.group import Group
from accounts.models.installation import Installation
from accounts.models.limit import Limit, RegisteredLimit
from accounts.models.one_time_link import OneTimeLink
from accounts.models.passkey import Passkey
from accounts.models.past_password import PastPassword
from accounts.models.policy import Policy
from accounts.models.project import Domain, Project, ProjectTag
from accounts.models.quota import ClassQuota, Quota, UserQuota
from accounts.models.quota_request import QuotaRequest
from accounts.models.role import Assignment, Role, RoleInference
from accounts.models.second_factor import RecoveryCode, SecondFactor
from accounts.models.stored_credential import StoredCredential
from accounts.models.token import Token
from accounts.models.user import User
from accounts.models.user_session import UserSession

__all__ = [
    "AccessRule",
    "ApplicationCredential",
    "Assignment",
    "AuditEvent",
    "ClassQuota",
    "Domain",
    "Endpoint",
    "EndpointGroup",
    "Epoch",
    "ExternalIdentity",
    "FailedAttempts",
    "Group",
    "Installation",
    "KnownAddress",
    "Limit",
    "OneTimeLink",
    "Passkey",
    "PastPassword",
    "Policy",
    "Project",
    "ProjectTag",
    "Quota",
    "QuotaRequest",
    "RecoveryCode",
    "Region",
    "RegisteredLimit",
    "Role",
    "RoleInference",
    "SecondFactor",
    "Service",
    "StoredCredential",
    "Token",
    "User",
    "UserQuota",
    "UserSession",
]
