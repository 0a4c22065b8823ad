"""The command palette: pages, instances and their actions, by name."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import policy
from accounts.services import directory
from compute.instances.models import Instance
from compute.instances.services import instances, status_labels
from compute.volumes.models import Volume
from compute.volumes.services import volume_lists
from portal import volume_words
from portal.frame import ADMINISTRATION, FURTHER, WORK, permitted_items
from portal.palette_items import actions, if_fitting, item
from portal.requests import Request

MOST = 8
FEW = 5
WITH_ACTIONS = 3
_PEOPLE = ("project", "user", "group")


@require_safe
def palette(request: Request) -> JsonResponse:
    """Return the items that fit `q`. Each has label, hint, icon and url; with `verb` it is an action for POST.

    One with `press` is a control of the frame, by a selector.
    """
    query = " ".join(request.GET.get("q", "")[:255].split())
    items = [
        *_pages(request, query),
        *_instances(request, query),
        *_volumes(request, query),
        *_people(request, query),
        *_frame_commands(query),
    ]
    return JsonResponse({"items": items}, headers={"Cache-Control": "no-store"})


def _pages(request: Request, query: str) -> Iterator[dict[str, Any]]:
    if policy.allows(request.context, "instance:launch"):
        yield from if_fitting(query, item(_("Launch instance"), _("Action"), "rocket", reverse("launch")))
    if policy.allows(request.context, "volume:create"):
        create = item(_("Create volume"), _("Action"), "database-plus", reverse("volume-create"))
        yield from if_fitting(query, create)
    for place in permitted_items(request.context, (*WORK, *ADMINISTRATION, *FURTHER)):
        yield from if_fitting(query, item(str(place.label), _("Page"), place.icon, place.url))
    yield from if_fitting(query, item(_("My account"), _("Page"), "user-circle", reverse("account")))


def _instances(request: Request, query: str) -> Iterator[dict[str, Any]]:
    """Yield instances by name, address or id; “stop web” yields that action of the instances that fit “web”.

    Administrators find instances of every project, also by their user's name.
    """
    if not policy.allows(request.context, "instance:read"):
        return
    matches = _search_instances(request, query) if query else []
    may_console = policy.allows(request.context, "instance:console")
    for instance in matches:
        url = reverse("instance", args=[instance.pk])
        yield item(
            instance.name, _hint(request, instance, status_labels.status(instance.status)), "server-2", url
        )
        if may_console and instance.has_console:
            label = _("Console of %(name)s") % {"name": instance.name}
            yield item(label, _("Page"), "terminal-2", reverse("instance-console", args=[instance.pk]))
    verb, _space, rest = query.partition(" ")
    for instance in matches[:WITH_ACTIONS]:
        yield from actions(request, instance, "")
    if rest and not matches:
        for instance in _search_instances(request, rest):
            yield from actions(request, instance, verb)


def _volumes(request: Request, query: str) -> Iterator[dict[str, Any]]:
    """Yield volumes by name or id with their actions; “detach data” yields that action of those that fit “data”."""
    if not query or not policy.allows(request.context, "volume:read"):
        return
    matches = _search_volumes(request, query)
    for volume in matches:
        url = reverse("volume", args=[volume.pk])
        hint = _hint(request, volume, f"{_('Volume')} · {volume_words.spoken(volume)}")
        yield item(str(volume), hint, "database", url)
    for volume in matches[:WITH_ACTIONS]:
        yield from actions(request, volume, "")
    verb, _space, rest = query.partition(" ")
    if rest and not matches:
        for volume in _search_volumes(request, rest):
            yield from actions(request, volume, verb)


def _search_volumes(request: Request, search: str) -> list[Volume]:
    everywhere = request.context.is_admin
    return list(volume_lists.page(request.context, search=search, size=FEW, all_projects=everywhere))


def _frame_commands(query: str) -> Iterator[dict[str, Any]]:
    """Yield what the menus of every page offer too, once something is typed."""
    if not query:
        return
    theme, language = _("Theme"), _("Language")
    for label, icon, selector in (
        (_("System"), "device-desktop", "auto"),
        (_("Light"), "sun", "light"),
        (_("Dark"), "moon", "dark"),
    ):
        one = item(f"{theme}: {label}", theme, icon, "")
        yield from if_fitting(query, one | {"press": f"[data-theme-choice={selector}]"})
    for code, name in settings.LANGUAGES:
        one = item(f"{language}: {name}", language, "language", "")
        yield from if_fitting(query, one | {"press": f"[name=language][value={code}]"})
    sign_out = item(_("Sign out"), _("Action"), "logout", "")
    yield from if_fitting(query, sign_out | {"press": f"form[action='{reverse('sign-out')}'] button"})


def _people(request: Request, query: str) -> Iterator[dict[str, Any]]:
    """Yield projects, users and groups by name, for administrators of the cloud or of a domain."""
    context = request.context
    if not query or not all(policy.allows_somewhere(context, f"{noun}:read") for noun in _PEOPLE):
        return
    for project in directory.projects(context, search=query, size=FEW):
        yield item(project.name, _("Project"), "folder", reverse("project", args=[project.id]))
    for user in directory.users(context, search=query, size=FEW):
        yield item(user.name, _("User"), "user", reverse("user", args=[user.id]))
    for group in directory.groups(context, search=query, size=FEW):
        yield item(group.name, _("Group"), "users", reverse("group", args=[group.id]))


def _search_instances(request: Request, search: str) -> list[Instance]:
    everywhere = request.context.is_admin
    return list(
        instances.page(request.context, search=search, size=MOST, all_projects=everywhere, details=True)
    )


def _hint(request: Request, row: Instance | Volume, status: str) -> str:
    """Return the status of a row, with its project unless the user works in it."""
    project = request.context.project
    return status if project and project.id == row.project_id else f"{status} · {row.project.name}"
