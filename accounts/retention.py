"""The retention rules of accounts' rows."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from accounts.models import AuditEvent, OneTimeLink, QuotaRequest, Token
from accounts.services.retention import Rule

RULES = (
    Rule(name="tokens", rows=Token.objects.all(), since="expires_at"),
    # Their UserSession rows go with them.
    Rule(name="sessions", rows=Session.objects.all(), since="expire_date"),
    Rule(name="one_time_links", rows=OneTimeLink.objects.all(), since="expires_at"),
    # A lock lasts for minutes (AXES_COOLOFF_TIME).
    Rule(
        name="sign_in_attempts",
        rows=AccessAttempt.objects.all(),
        since="attempt_time",
        grace=timedelta(days=1),
    ),
    Rule(
        name="quota_requests",
        rows=QuotaRequest.objects.exclude(state=QuotaRequest.State.OPEN),
        since="decided_at",
        setting="QUOTA_REQUEST_DAYS",
    ),
    Rule(
        name="audit_events",
        rows=AuditEvent.objects.all(),
        since="at",
        setting="AUDIT_DAYS",
        remove=AuditEvent.prune,
    ),
)
