"""Granting and revoking roles, from the pages of projects, users and groups."""

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import BadInput
from accounts.models import Role
from accounts.services import assignments, inputs
from accounts.services.assignments import Holding
from portal.requests import Request, done

KINDS = {"users", "groups"}
SCOPES = {"projects", "domains", "system"}


@require_POST
def give(request: Request) -> HttpResponse:
    """Grant the role to the user or group on the scope, from their next request on."""
    holding, role = _parse_assignment(request)
    assignments.grant(request.context, holding, role.id)
    return _answer(request, _("Gave %(who)s the role %(role)s."), holding, role)


@require_POST
def take(request: Request) -> HttpResponse:
    """Revoke the role, from the next request on."""
    holding, role = _parse_assignment(request)
    assignments.revoke(request.context, holding, role.id)
    return _answer(request, _("Took the role %(role)s from %(who)s."), holding, role)


def _parse_assignment(request: Request) -> tuple[Holding, Role]:
    """Return the assignment that the form names.

    `actor` is users/<id> or groups/<id>, `place` is projects/<id>, domains/<id> or system.
    """
    actor, _slash, actor_id = request.POST.get("actor", "").partition("/")
    scope, _slash, scope_id = request.POST.get("place", "").partition("/")
    holding = assignments.find_holding(
        request.context,
        "assignment:write",
        actor=actor,
        actor_id=actor_id,
        place=scope,
        place_id=scope_id,
        inherited=inputs.flag(request.POST, "inherited", False),
    )
    if actor not in KINDS:
        raise BadInput(fields={"actor": _("Choose a user or a group.")})
    if scope not in SCOPES:
        raise BadInput(fields={"place": _("Choose a project, a domain or the whole system.")})
    if holding.inherited and scope == "system":
        raise BadInput(fields={"inherited": _("Nothing stands below the system; give the role on it.")})
    return holding, inputs.get_or_404(Role.objects.all(), request.POST.get("role", ""), "role")


def _answer(request: Request, sentence: str, holding: Holding, role: Role) -> HttpResponse:
    actor = holding.user or holding.group
    message = sentence % {"who": actor.name if actor else "", "role": role.name}
    return done(request, message, _back(request, holding), changed=("roles",))


def _back(request: Request, holding: Holding) -> str:
    """Return the address of the page that asked, for browsers without scripts."""
    page_name = request.POST.get("from")
    if page_name == "user" and holding.user:
        return reverse("user", args=[holding.user.id])
    if page_name == "group" and holding.group:
        return reverse("group", args=[holding.group.id])
    return reverse("project", args=[holding.project.id]) if holding.project else reverse("projects")


urlpatterns = [
    path("roles/give/", give, name="role-give"),
    path("roles/take/", take, name="role-take"),
]
