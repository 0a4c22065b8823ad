"""Issue, check and revoke tokens.

Every use of a token reads its row and the epoch's mark. The mark changes with whatever may invalidate tokens: a
disabled user, project or domain, a new password, an expired credential, a revoked role. So all of these count at
the next request, and while the mark stays the rest is cached.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotSignedIn
from accounts.models import ApplicationCredential, Domain, Epoch, Project, StoredCredential, Token, User
from accounts.names import is_text
from accounts.services import application_credentials, assignments, audit, inputs, scoping

LIFETIME = timedelta(hours=1)
LONGEST_TEXT = 512
CACHE_SIZE = 4096
"""Most tokens that a process caches, a few kB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The scope of a token: a project, a domain, the system, or none."""

    project: Project | None = None
    domain: Domain | None = None
    system: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """A token that is valid under the epoch's mark, with the roles that it gives: {role id: name}.

    It is cached and shared by requests: to be read, not written.
    """

    token: Token
    roles: dict[str, str]
    mark: str

    def context(self, *, address: str | None = None, request_id: str = "") -> Context:
        token, roles = self.token, frozenset(self.roles.values())
        return Context(
            user=token.user,
            project=token.project,
            roles=frozenset() if token.domain else roles,
            domain_roles={token.domain.id: roles} if token.domain else {},
            address=address,
            request_id=request_id,
            domain=token.domain,
            system=token.system,
            credential=token.credential,
            by_ec2_key=token.ec2_key_id is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token and its text, which is stored nowhere."""

    valid: Valid
    text: str


def issue(
    user: User,
    methods: list[str],
    scope: Scope,
    *,
    mark: str | None = None,
    credential: ApplicationCredential | None = None,
    parent: Token | None = None,
    ec2_key: StoredCredential | None = None,
) -> Issued:
    """Create a token for a user whose methods were checked. Raise NotSignedIn without a role in the scope.

    `mark` must have been read before the scope; by default it is read now. A token from a `parent` expires with it,
    and has its methods and audit id.
    """
    valid = prepare(user, methods, scope, mark=mark, credential=credential, parent=parent, ec2_key=ec2_key)
    text = secrets.token_hex(32)
    valid.token.digest = _digest(text)
    valid.token.save(force_insert=True)
    return Issued(valid=valid, text=text)


def prepare(
    user: User,
    methods: list[str],
    scope: Scope,
    *,
    mark: str | None = None,
    credential: ApplicationCredential | None = None,
    parent: Token | None = None,
    ec2_key: StoredCredential | None = None,
) -> Valid:
    """Return the token that `issue` would create, and store nothing. Raise NotSignedIn."""
    now = timezone.now()
    mark = mark or current_mark()
    if parent is not None:
        methods = [*methods, *(method for method in parent.methods if method not in methods)]
    token = Token(
        user=user,
        methods=methods,
        audit_ids=[_audit_id(), *([parent.audit_ids[-1]] if parent else [])],
        project=scope.project,
        domain=scope.domain,
        system=scope.system,
        credential=credential,
        ec2_key=ec2_key,
        issued_at=now,
        expires_at=_earliest(
            now + LIFETIME,
            parent.expires_at if parent else None,
            credential.expires_at if credential else None,
        ),
    )
    valid = _valid(token, mark)
    if valid is None:
        raise NotSignedIn
    return valid


def current_mark() -> str:
    """Return the epoch's present mark. One query."""
    return str(Epoch.objects.values_list("mark", flat=True).get())


def check(text: object) -> Valid | None:
    """Return the token of this text, if it is valid. One query by its key, more after a change of the mark."""
    if not is_text(text, LONGEST_TEXT):
        return None
    digest = _digest(text)
    mark = _mark_beside(digest)
    valid = _read(digest, mark) if mark else None
    return None if valid is None or valid.token.expires_at <= timezone.now() else valid


def get_visible(context: Context, current: Valid, text: object, *, knows_rules: bool = True) -> Valid:
    """Return the token of this text. Raise NotFound unless it is the user's own or `token:read` is allowed.

    Without `knows_rules` raise NotFound for one with access rules: the service would not enforce them.
    """
    if is_text(text, LONGEST_TEXT) and _digest(text) == current.token.pk:
        return current
    valid = check(text)
    if valid and valid.token.credential and valid.token.credential.access_rules and not knows_rules:
        valid = None
    if valid is None or not (valid.token.user_id == context.user.id or policy.allows(context, "token:read")):
        return inputs.raise_not_found("token", _("a token that is not shown"))
    return valid


def count(context: Context, user_id: str) -> int:
    """Return the number of the user's unexpired tokens. Raise Forbidden."""
    scoping.enforce_user(context, user_id, "user:read")
    return Token.objects.filter(user=user_id, expires_at__gt=timezone.now()).count()


def revoke(context: Context, current: Valid, text: object) -> None:
    """Revoke a token, effective at the next request. Raise Forbidden, NotFound."""
    valid = get_visible(context, current, text)
    policy.enforce_own(context, valid.token.user_id, "token:write")
    Token.objects.filter(pk=valid.token.pk).delete()
    target = audit.Target(type="token", id=valid.token.audit_ids[0])
    audit.record(context, "token.revoke", target)


def _mark_beside(digest: str) -> str | None:
    """Return the epoch's mark if there is a token of this digest.

    The query of every API call; building it in the ORM would take longer than the answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK_BESIDE, [digest])
        row = cursor.fetchone()
    return row[0] if row else None


_MARK_BESIDE = (
    f"SELECT (SELECT mark FROM {Epoch._meta.db_table} LIMIT 1) "  # noqa: S608 - names of our own tables
    f"FROM {Token._meta.db_table} WHERE digest = %s"
)


@lru_cache(CACHE_SIZE)
def _read(digest: str, mark: str) -> Valid | None:
    """Return the token, cached under the mark, which was read first, so that the token is never older.

    Domain and credential, which few tokens have, are read separately: PostgreSQL would take longer to plan these
    joins than to run all the rest.
    """
    token = (
        Token.objects.select_related("user__domain", "project__domain").filter(pk=digest).order_by().first()
    )
    return None if token is None else _valid(token, mark)


def _valid(token: Token, mark: str) -> Valid | None:
    user, credential = token.user, token.credential
    if not (user.enabled and user.domain.enabled) or token.issued_at < user.password_changed_at:
        return None
    if token.project and not (token.project.enabled and token.project.domain.enabled):
        return None
    if token.domain and not token.domain.enabled:
        return None
    if credential and credential.expires_at and credential.expires_at <= timezone.now():
        return None
    if credential:
        roles = application_credentials.current_roles(credential)
    else:
        roles = _roles(mark, user, project=token.project, domain=token.domain, system=token.system)
    return Valid(token=token, roles=roles, mark=mark) if roles or not token.is_scoped else None


@lru_cache(CACHE_SIZE)
def _roles(_mark: str, user: User, **place: Any) -> dict[str, str]:
    """Return the user's roles in one scope, cached under the mark."""
    return assignments.roles_of(user, **place)


def _earliest(*times: datetime | None) -> datetime:
    return min(time for time in times if time is not None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _audit_id() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
