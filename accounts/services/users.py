"""Users: people and scripts that sign in."""

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import policy
from accounts.authentication import LONGEST_PASSWORD
from accounts.context import Context
from accounts.errors import Conflict, NotSignedIn
from accounts.models import Domain, Group, Project, Token, User
from accounts.names import is_text
from accounts.services import audit, inputs, lockouts, passwords, scoping, sessions
from accounts.services.inputs import Data
from accounts.services.projects import unscoped_of_user
from accounts.services.saving import save_unique

RESERVED_FIELDS = {
    "id",
    "name",
    "domain",
    "domain_id",
    "enabled",
    "description",
    "email",
    "default_project_id",
    "password",
    "original_password",
    "password_expires_at",
    "options",
    "links",
}
"""Fields of users in the API, which are therefore no extra fields."""


def visible_to(context: Context) -> QuerySet[User]:
    """Return the users that `user:read` reaches, and the user themselves."""
    if policy.allows(context, "user:read"):
        return User.objects.all()
    return User.objects.filter(Q(pk=context.user.id) | Q(domain__in=policy.domains(context, "user:read")))


def all_for_admin(context: Context) -> QuerySet[User]:
    """Return the users that `user:read` reaches. Raise Forbidden without it."""
    return scoping.rows_within(context, "user:read", User.objects.all())


@transaction.atomic
def create(context: Context, data: Data) -> User:
    """Create a user in `domain_id`, else the context's domain. Raise Forbidden, BadInput, Conflict, NotFound."""
    policy.enforce_somewhere(context, "user:write")
    domain_id = inputs.identifier(data, "domain_id") or scoping.default_domain(context, "user:write")
    domain = scoping.get_within(context, "user:write", Domain.objects.all(), domain_id, "domain")
    user = User(domain=domain, name=inputs.name(data))
    _fill(user, data)
    user.set_password(passwords.check(data["password"], user) if data.get("password") is not None else None)
    _store(user)
    audit.record(context, "user.create", user)
    return user


@transaction.atomic
def update(context: Context, user_id: str, data: Data) -> User:
    """Change a user. Disabling them and a new password end all their tokens and sessions."""
    user = scoping.get_within(context, "user:write", User.objects.all(), user_id, "user")
    user.name = inputs.name(data, user.name)
    _fill(user, data)
    if data.get("password") is not None:
        passwords.replace(user, passwords.check(data["password"], user))
    _store(user)
    if not user.enabled:
        Token.objects.filter(user=user).delete()
        sessions.drop(User.objects.filter(pk=user.pk))
    audit.record(context, "user.update", user)
    return user


@transaction.atomic
def delete(context: Context, user_id: str) -> None:
    user = scoping.get_within(context, "user:write", User.objects.all(), user_id, "user")
    audit.record(context, "user.delete", user)
    sessions.drop(User.objects.filter(pk=user.pk))
    try:
        user.delete()
    except ProtectedError as error:
        raise Conflict(_("The user %(name)s still owns resources.") % {"name": user.name}) from error


def change_password(request: HttpRequest, user_id: str, data: Data, *, keep_session: str = "") -> User:
    """Change one's own password by the old one, with lockout as at sign-in. Raise NotSignedIn, BadInput.

    All tokens end, and all sessions but the one with the key `keep_session`.
    """
    original = data.get("original_password")
    if not is_text(user_id) or not is_text(original, LONGEST_PASSWORD):
        raise NotSignedIn(_("The present password does not fit."))
    row = User.objects.filter(pk=user_id).first()
    name, domain = (row.name, row.domain_id) if row else (user_id, "")
    user = lockouts.authenticate(request, name, original, domain)
    if user is None:
        raise NotSignedIn(_("The present password does not fit."))
    lockouts.succeed(request, user.domain_id, user.name)
    set_own_password(user, data.get("password"), keep_session=keep_session)
    return user


@transaction.atomic
def set_own_password(user: User, value: object, *, keep_session: str = "") -> None:
    """Set the password that an authenticated user chose. Raise BadInput."""
    passwords.replace(user, passwords.check_own(value, user), keep_session=keep_session)
    audit.record(None, "user.password", user)


def projects_visible_to(context: Context, user_id: str) -> QuerySet[Project]:
    """Return the enabled projects in which the user has a role. Raise Forbidden, NotFound."""
    scoping.enforce_user(context, user_id, "user:read")
    return unscoped_of_user(inputs.get_or_404(User.objects.all(), user_id, "user"))


def groups_visible_to(context: Context, user_id: str) -> QuerySet[Group]:
    scoping.enforce_user(context, user_id, "user:read")
    return Group.objects.filter(members=inputs.get_or_404(User.objects.all(), user_id, "user"))


def _fill(user: User, data: Data) -> None:
    user.enabled = inputs.flag(data, "enabled", user.enabled)
    user.description = inputs.text(data, "description", user.description)
    user.email = inputs.text(data, "email", user.email, longest=254)
    user.extra = inputs.extra_fields(data, RESERVED_FIELDS, user.extra)
    if "default_project_id" in data:
        # As in Keystone it may name a missing project, or one without a role; then it has no effect.
        project_id = inputs.identifier(data, "default_project_id")
        user.default_project = Project.objects.filter(pk=project_id).first()


def _store(user: User) -> None:
    save_unique(user, _("There is a user %(name)s in this domain already.") % {"name": user.name})
