"""Invitations and password resets: one-time links with which people choose a password."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.models import OneTimeLink, Project, Role, User
from accounts.services import (
    assignments,
    audit,
    external_users,
    links,
    mail,
    projects,
    scoping,
    users,
)
from accounts.services.assignments import Holding
from accounts.services.inputs import Data

INVITATION = OneTimeLink.Purpose.INVITATION
RESET = OneTimeLink.Purpose.RESET
LIFETIMES = {INVITATION: timedelta(days=7), RESET: timedelta(hours=24)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A new link. Its `address` is stored nowhere, and is None if it was mailed."""

    user: User
    purpose: OneTimeLink.Purpose
    address: str | None
    lifetime: timedelta


def invite(context: Context, data: Data) -> Link:
    """Create a user (`name`, `email`, a `role` in a `project`) and their link. Raise Forbidden, BadInput, Conflict."""
    policy.enforce_somewhere(context, "user:write")
    with transaction.atomic():
        project, role = _place(context, data)
        fields = {name: data[name] for name in ("name", "email") if name in data}
        user = users.create(context, fields | {"default_project_id": project.id if project else None})
        if project and role:
            assignments.grant(context, Holding(user=user, project=project), role.id)
        token = links.create(INVITATION, LIFETIMES[INVITATION], user)
        audit.record(context, "user.invite", user)
    return _deliver(user, INVITATION, token)


def reset(context: Context, user_id: str) -> Link:
    """Create a link for a new password; the present one is valid until then. Raise Forbidden, NotFound, Conflict."""
    with transaction.atomic():
        user = scoping.get_within(context, "user:write", User.objects.all(), user_id, "user")
        if external_users.is_external(user):
            sentence = _("%(name)s signs in through another service; change the password there.")
            raise Conflict(sentence % {"name": user.name})
        token = links.create(RESET, LIFETIMES[RESET], user)
        audit.record(context, "user.reset_link", user)
    return _deliver(user, RESET, token)


def find(token: str) -> OneTimeLink:
    """Return the link of an invitation or a reset, with its user. Raise NotFound if it is used, expired or wrong."""
    link = links.find(token, INVITATION, RESET)
    if link is None or link.user is None or not (link.user.enabled and link.user.domain.enabled):
        raise NotFound(_("This link was used or is too old. Ask your administrator for a new one."))
    return link


@transaction.atomic
def choose_password(token: str, password: object) -> User:
    """Use the link and set the password. Raise NotFound, and BadInput for a weak one, which leaves the link unused."""
    link = find(token)
    user = link.user
    if user is None or not links.use(link.purpose, token):
        raise NotFound(_("This link was used or is too old. Ask your administrator for a new one."))
    users.set_own_password(user, password)
    return user


def _place(context: Context, data: Data) -> tuple[Project | None, Role | None]:
    """Return the project and the role, by id or name, or neither. Raise BadInput."""
    project_id, role_key = data.get("project") or None, data.get("role") or None
    if project_id is None and role_key is None:
        return None, None
    if project_id is None:
        raise BadInput(fields={"project": _("Choose the project that the role is for.")})
    project = projects.all_for_admin(context).filter(pk=str(project_id)).first()
    if project is None:
        raise BadInput(fields={"project": _("There is no such project.")})
    role = Role.objects.filter(Q(pk=str(role_key)) | Q(name=str(role_key), domain=None)).first()
    if role is None:
        raise BadInput(fields={"role": _("Choose a role.")})
    return project, role


def _deliver(user: User, purpose: OneTimeLink.Purpose, token: str) -> Link:
    address = f"{settings.PUBLIC_URL}{reverse('choose-password', args=[token])}"
    if purpose == INVITATION:
        subject = _("Your invitation to Meridian")
        first = _("you are invited to Meridian as “%(name)s”. Choose your password here:")
    else:
        subject = _("Choose a new password for Meridian")
        first = _("choose a new password for your user “%(name)s” here:")
    last = _("The link works once. If you did not expect it, ignore this mail.")
    text = "\n\n".join([_("Hello,"), first % {"name": user.name}, address, last])
    mailed = mail.send(user.email, subject, text)
    return Link(user=user, purpose=purpose, address=None if mailed else address, lifetime=LIFETIMES[purpose])
