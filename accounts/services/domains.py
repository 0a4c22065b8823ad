"""Domains: namespaces of users and projects."""

from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Forbidden
from accounts.models import Domain, Group, Project, Token, User
from accounts.services import audit, inputs, scoping, sessions
from accounts.services.inputs import Data
from accounts.services.saving import save_unique


def visible_to(context: Context) -> QuerySet[Domain]:
    """Return the domains that `domain:read` reaches, the user's own and that of their scope."""
    if policy.allows(context, "domain:read"):
        return Domain.objects.all()
    reached = policy.domains(context, "domain:read")
    return Domain.objects.filter(pk__in={context.user.domain_id, *_of_scope(context), *reached})


def all_for_admin(context: Context) -> QuerySet[Domain]:
    """Return the domains that `domain:read` reaches. Raise Forbidden without it."""
    return scoping.rows_within(context, "domain:read", Domain.objects.all())


@transaction.atomic
def create(context: Context, data: Data) -> Domain:
    """Create a domain. Raise Forbidden, BadInput, Conflict."""
    policy.enforce(context, "domain:write")
    domain = Domain(
        name=inputs.name(data, longest=64),
        description=inputs.text(data, "description"),
        enabled=inputs.flag(data, "enabled", True),
    )
    _store(domain)
    audit.record(context, "domain.create", domain)
    return domain


@transaction.atomic
def update(context: Context, domain_id: str, data: Data) -> Domain:
    """Change a domain. Disabling it ends the sessions and tokens of its users, and every token scoped to it."""
    policy.enforce(context, "domain:write")
    domain = inputs.get_or_404(Domain.objects.all(), domain_id, "domain")
    domain.name = inputs.name(data, domain.name, longest=64)
    domain.description = inputs.text(data, "description", domain.description)
    domain.enabled = inputs.flag(data, "enabled", domain.enabled)
    _store(domain)
    if not domain.enabled:
        Token.objects.filter(user__domain=domain).delete()
        Token.objects.filter(project__domain=domain).delete()
        Token.objects.filter(domain=domain).delete()
        sessions.drop(User.objects.filter(domain=domain))
    audit.record(context, "domain.update", domain)
    return domain


@transaction.atomic
def delete(context: Context, domain_id: str) -> None:
    """Delete a disabled domain with its users, groups and projects. Raise Forbidden, NotFound, Conflict if in use."""
    policy.enforce(context, "domain:write")
    domain = inputs.get_or_404(Domain.objects.all(), domain_id, "domain")
    if domain.id == Domain.DEFAULT_ID:
        raise Forbidden(_("The default domain stays."))
    if domain.enabled:
        raise Forbidden(_("Disable the domain first; then it can be deleted."))
    audit.record(context, "domain.delete", domain)
    try:
        for rows in (Group.objects, User.objects, Project.objects):
            rows.filter(domain=domain).delete()
        domain.delete()
    except ProtectedError as error:
        raise Conflict(_("Users or projects of this domain still own resources.")) from error


def _store(domain: Domain) -> None:
    save_unique(domain, _("There is a domain %(name)s already.") % {"name": domain.name})


def _of_scope(context: Context) -> set[str]:
    keys = {context.domain.id} if context.domain else set()
    return keys | ({context.project.domain_id} if context.project else set())
