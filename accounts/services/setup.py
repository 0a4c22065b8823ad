"""Create the first administrator: by the one-time link in a browser, or by `manage.py bootstrap`."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from accounts.models import Assignment, Domain, OneTimeLink, Project, User
from accounts.names import clean_name
from accounts.services import audit, catalog, links, passwords
from accounts.services import roles as default_roles

LINK_LIFETIME = timedelta(hours=24)


def is_done() -> bool:
    """Return whether an administrator exists."""
    return Assignment.objects.filter(role__name="admin").exists()


def create_link() -> str | None:
    """Create a set-up token, in place of earlier ones. Return None once set-up is done."""
    return None if is_done() else links.create(OneTimeLink.Purpose.SETUP, LINK_LIFETIME)


@transaction.atomic
def bootstrap_by_link(token: str, name: str, password: str) -> User:
    """Use the link and create the administrator. Raise NotFound for an invalid link, BadInput."""
    if is_done() or not links.use(OneTimeLink.Purpose.SETUP, token):
        raise NotFound(_("This set-up link was used or is too old. Start `make up` again for a new one."))
    return bootstrap(name, password)


@transaction.atomic
def bootstrap(name: str, password: str) -> User:
    """Create domain, roles, the projects `admin` and `demo`, and the administrator with a role on each.

    Repeated with the same name it sets the password and creates only what is missing. Raise BadInput.
    """
    name = clean_name(name, field="name", longest=255)
    domain, _created = Domain.objects.get_or_create(id=Domain.DEFAULT_ID, defaults={"name": "Default"})
    roles = default_roles.ensure_defaults()
    catalog.ensure()
    admin_project, _created = Project.objects.get_or_create(domain=domain, name="admin")
    demo, _created = Project.objects.get_or_create(domain=domain, name="demo")
    user = User.objects.filter(domain=domain, name=name).first() or User(domain=domain, name=name)
    if user.pk is None or user._state.adding or not user.check_password(password):
        user.set_password(passwords.check(password, user))
    user.default_project = user.default_project or demo
    user.save()
    for project in (None, admin_project, demo):
        Assignment.objects.get_or_create(user=user, role=roles["admin"], project=project, domain=None)
    Assignment.objects.get_or_create(user=user, role=roles["admin"], project=None, domain=domain)
    audit.record(None, "setup.bootstrap", user)
    return user
