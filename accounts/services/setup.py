"""The first administrator: by the one-time link in a browser, or by `manage.py bootstrap`."""

from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.authentication import LONGEST_PASSWORD
from accounts.errors import BadInput, NotFound
from accounts.models import Assignment, Domain, OneTimeLink, Project, Role, User
from accounts.names import clean_name, is_text
from accounts.services import audit, links

ROLES = ("admin", "manager", "member", "reader", "service")
LINK_LIFETIME = timedelta(hours=24)


def is_done() -> bool:
    """Whether an administrator exists."""
    return Assignment.objects.filter(role__name="admin").exists()


def link() -> str | None:
    """A fresh set-up token, or None once set-up is done."""
    return None if is_done() else links.create(OneTimeLink.Purpose.SETUP, LINK_LIFETIME)


@transaction.atomic
def with_link(token: str, name: str, password: str) -> User:
    """Burn the link and make the administrator. Raises NotFound for a dead link, BadInput for weak input."""
    if is_done() or not links.use(OneTimeLink.Purpose.SETUP, token):
        raise NotFound(_("This set-up link was used or is too old. Start `make up` again for a new one."))
    return bootstrap(name, password)


@transaction.atomic
def bootstrap(name: str, password: str) -> User:
    """Make domain, roles, the projects `admin` and `demo`, and the administrator with a role on each.

    Run again with the same name it sets the password and adds only what is missing.
    """
    name = clean_name(name, field="name", longest=255)
    if not is_text(password, LONGEST_PASSWORD):
        sentence = _("Give a password of at most %(longest)s characters.") % {"longest": LONGEST_PASSWORD}
        raise BadInput(fields={"password": sentence})
    domain, _made = Domain.objects.get_or_create(id=Domain.DEFAULT_ID, defaults={"name": "Default"})
    roles = {role: Role.objects.get_or_create(name=role)[0] for role in ROLES}
    admin_project, _made = Project.objects.get_or_create(domain=domain, name="admin")
    demo, _made = Project.objects.get_or_create(domain=domain, name="demo")
    user = User.objects.filter(domain=domain, name=name).first() or User(domain=domain, name=name)
    if user.pk is None or user._state.adding or not user.check_password(password):
        _check_password(password, user)
        user.set_password(password)
    user.default_project = user.default_project or demo
    user.save()
    for project in (None, admin_project, demo):
        Assignment.objects.get_or_create(user=user, role=roles["admin"], project=project)
    audit.record(None, "setup.bootstrap", target_type="user", target_id=user.id, target_name=user.name)
    return user


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadInput(fields={"password": " ".join(error.messages)}) from error
