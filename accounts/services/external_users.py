"""Users of a directory or an OpenID Connect provider, found by their external identity, never by name."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Forbidden, Unavailable
from accounts.federation import Person
from accounts.models import Domain, ExternalIdentity, Group, User
from accounts.names import clean_name, is_text
from accounts.services import audit, inputs


def sign_in(person: Person, domain_key: str, *, mirrored: frozenset[str], makes_users: bool = True) -> User:
    """Return the enabled user of `person`, created at the first sign-in unless `makes_users` is false.

    Name, mail address and membership in the `mirrored` groups follow the source. Raise BadInput for an invalid name,
    Forbidden if the person may not sign in, Unavailable if the domain is missing.
    """
    domain = find_domain(domain_key)
    try:
        user = _find_or_create(person, domain, mirrored, makes_users)
    except IntegrityError:
        # Two first sign-ins at once: the second finds the first one's user.
        user = _find_or_create(person, domain, mirrored, makes_users)
    if not (user.enabled and user.domain.enabled):
        raise Forbidden(_("The user %(name)s is disabled. Ask an administrator.") % {"name": user.name})
    return user


@transaction.atomic
def link(name: str, domain_key: str, *, source: str, subject: str) -> User:
    """Link a local user to an identity, in place of the password here. Raise NotFound, Conflict.

    Only for the operator of the installation: a name alone never links an identity.
    """
    user = User.objects.filter(domain=find_domain(domain_key), name=name).first()
    if user is None:
        inputs.raise_not_found("user", name)
    if is_external(user) or ExternalIdentity.objects.filter(source=source, subject=subject).exists():
        raise Conflict(_("The user or the identity is linked already."))
    ExternalIdentity.objects.create(user=user, source=source, subject=subject)
    user.set_password(None)
    user.save(update_fields=["password", "password_changed_at"])
    audit.record(None, "user.link", user, source=source)
    return user


def find_domain(key: str) -> Domain:
    """Return the domain that a setting names by id or name. Raise Unavailable if it is missing."""
    domain = Domain.objects.filter(Q(pk=key) | Q(name=key)).order_by("pk").first()
    if domain is None:
        raise Unavailable(
            _("Signing in by another service needs the domain %(domain)s, which is missing here.")
            % {"domain": key}
        )
    return domain


def is_external(user: User) -> bool:
    """Return whether the user has an external identity, and so no password here."""
    return ExternalIdentity.objects.filter(user=user).exists()


@transaction.atomic
def _find_or_create(person: Person, domain: Domain, mirrored: frozenset[str], makes_users: bool) -> User:
    user = _find(person) or _create(person, domain, makes_users)
    _update_profile(user, person)
    _sync_groups(user, person.groups, mirrored)
    return user


def _find(person: Person) -> User | None:
    identities = ExternalIdentity.objects.select_related("user__domain").filter(
        source=person.source, subject=person.subject
    )
    identity = identities.first()
    return identity.user if identity else None


def _create(person: Person, domain: Domain, makes_users: bool) -> User:
    if not makes_users:
        raise Forbidden(
            _("Nobody here knows you as %(name)s yet. Ask an administrator to let you in.")
            % {"name": person.name}
        )
    name = clean_name(person.name)
    if User.objects.filter(domain=domain, name=name).exists():
        raise Forbidden(
            _("Another user is called %(name)s here already, so you cannot be. Ask an administrator.")
            % {"name": name}
        )
    user = User.objects.create_user(name, None, domain=domain)
    ExternalIdentity.objects.create(user=user, source=person.source, subject=person.subject)
    audit.record(None, "user.create", user, source=person.source)
    return user


def _update_profile(user: User, person: Person) -> None:
    """Update the mail address, and the name unless another user has it."""
    name = clean_name(person.name)
    if User.objects.filter(domain=user.domain, name=name).exists():
        name = user.name
    email = person.email if is_text(person.email, 254) else ""
    if (name, email) != (user.name, user.email):
        user.name, user.email = name, email
        user.save(update_fields=["name", "email"])


def _sync_groups(user: User, groups: frozenset[str], mirrored: frozenset[str]) -> None:
    """Update the membership in the mirrored groups to what the source says."""
    target = mirrored & groups
    present = set(user.groups.filter(domain=user.domain, name__in=mirrored).values_list("name", flat=True))
    for name in sorted(target ^ present):
        group, _created = Group.objects.get_or_create(domain=user.domain, name=name)
        if name in target:
            group.members.add(user)
        else:
            group.members.remove(user)
        audit.record(
            None, "group.add" if name in target else "group.remove", group, user=user.id, user_name=user.name
        )
