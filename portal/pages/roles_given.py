"""Giving and taking roles, from the pages of projects, users and groups alike."""

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
PLACES = {"projects", "domains", "system"}


@require_POST
def give(request: Request) -> HttpResponse:
    """Give the role to the user or group on the place; counts at their next request."""
    held, role = _asked(request)
    assignments.grant(request.context, held, role.id)
    return _said(request, _("Gave %(who)s the role %(role)s."), held, role)


@require_POST
def take(request: Request) -> HttpResponse:
    """Take it away again; counts at the next request."""
    held, role = _asked(request)
    assignments.revoke(request.context, held, role.id)
    return _said(request, _("Took the role %(role)s from %(who)s."), held, role)


def _asked(request: Request) -> tuple[Holding, Role]:
    """From `actor` (users/<id>, groups/<id>), `place` (projects/<id>, domains/<id>, system), `role`, `inherited`."""
    actor, _slash, actor_id = request.POST.get("actor", "").partition("/")
    place, _slash, place_id = request.POST.get("place", "").partition("/")
    held = assignments.holding(
        request.context,
        "assignment:write",
        actor=actor,
        actor_id=actor_id,
        place=place,
        place_id=place_id,
        inherited=inputs.flag(request.POST, "inherited", False),
    )
    if actor not in KINDS:
        raise BadInput(fields={"actor": _("Choose a user or a group.")})
    if place not in PLACES:
        raise BadInput(fields={"place": _("Choose a project, a domain or the whole system.")})
    if held.inherited and place == "system":
        raise BadInput(fields={"inherited": _("Nothing stands below the system; give the role on it.")})
    return held, inputs.get_or_404(Role.objects.all(), request.POST.get("role", ""), "role")


def _said(request: Request, sentence: str, held: Holding, role: Role) -> HttpResponse:
    actor = held.user or held.group
    said = sentence % {"who": actor.name if actor else "", "role": role.name}
    return done(request, said, _back(request, held), changed=("roles",))


def _back(request: Request, held: Holding) -> str:
    """The page that asked, for browsers without scripts."""
    asked = request.POST.get("from")
    if asked == "user" and held.user:
        return reverse("user", args=[held.user.id])
    if asked == "group" and held.group:
        return reverse("group", args=[held.group.id])
    return reverse("project", args=[held.project.id]) if held.project else reverse("projects")


urlpatterns = [
    path("roles/give/", give, name="role-give"),
    path("roles/take/", take, name="role-take"),
]
