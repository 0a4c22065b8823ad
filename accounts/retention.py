"""The retention rules of accounts' rows."""

from django.contrib.sessions.models import Session

from accounts.models import AuditEvent, FailedAttempts, KnownAddress, OneTimeLink, QuotaRequest, Token
from accounts.services import lockouts
from accounts.services.retention import Rule

RULES = (
    Rule(name="tokens", rows=Token.objects.all(), since="expires_at"),
    # Their UserSession rows go with them.
    Rule(name="sessions", rows=Session.objects.all(), since="expire_date"),
    Rule(name="one_time_links", rows=OneTimeLink.objects.all(), since="expires_at"),
    Rule(name="failed_attempts", rows=FailedAttempts.objects.all(), since="last_at", grace=lockouts.MEMORY),
    Rule(name="known_addresses", rows=KnownAddress.objects.all(), since="seen_at", grace=lockouts.KNOWN),
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
