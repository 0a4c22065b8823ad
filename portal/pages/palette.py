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
from compute.engine.actions.permitted import choices
from compute.instances.models import Instance
from compute.instances.services import instances, status_labels
from portal import icons
from portal.frame import ADMINISTRATION, FURTHER, WORK, permitted_items
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
        *_people(request, query),
        *_frame_commands(query),
    ]
    return JsonResponse({"items": items}, headers={"Cache-Control": "no-store"})


def _pages(request: Request, query: str) -> Iterator[dict[str, Any]]:
    if policy.allows(request.context, "instance:launch"):
        yield from _if_fitting(query, _item(_("Launch instance"), _("Action"), "rocket", reverse("launch")))
    for item in permitted_items(request.context, (*WORK, *ADMINISTRATION, *FURTHER)):
        yield from _if_fitting(query, _item(str(item.label), _("Page"), item.icon, item.url))
    yield from _if_fitting(query, _item(_("My account"), _("Page"), "user-circle", reverse("account")))


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
        yield _item(instance.name, _hint(request, instance), "server-2", url)
        if may_console and instance.has_console:
            label = _("Console of %(name)s") % {"name": instance.name}
            yield _item(label, _("Page"), "terminal-2", reverse("instance-console", args=[instance.pk]))
    verb, _space, rest = query.partition(" ")
    for instance in matches[:WITH_ACTIONS]:
        yield from _actions(request, instance, "")
    if rest and not matches:
        for instance in _search_instances(request, rest):
            yield from _actions(request, instance, verb)


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
        item = _item(f"{theme}: {label}", theme, icon, "")
        yield from _if_fitting(query, item | {"press": f"[data-theme-choice={selector}]"})
    for code, name in settings.LANGUAGES:
        item = _item(f"{language}: {name}", language, "language", "")
        yield from _if_fitting(query, item | {"press": f"[name=language][value={code}]"})
    sign_out = _item(_("Sign out"), _("Action"), "logout", "")
    yield from _if_fitting(query, sign_out | {"press": f"form[action='{reverse('sign-out')}'] button"})


def _people(request: Request, query: str) -> Iterator[dict[str, Any]]:
    """Yield projects, users and groups by name, for administrators of the cloud or of a domain."""
    context = request.context
    if not query or not all(policy.allows_somewhere(context, f"{noun}:read") for noun in _PEOPLE):
        return
    for project in directory.projects(context, search=query, size=FEW):
        yield _item(project.name, _("Project"), "folder", reverse("project", args=[project.id]))
    for user in directory.users(context, search=query, size=FEW):
        yield _item(user.name, _("User"), "user", reverse("user", args=[user.id]))
    for group in directory.groups(context, search=query, size=FEW):
        yield _item(group.name, _("Group"), "users", reverse("group", args=[group.id]))


def _search_instances(request: Request, search: str) -> list[Instance]:
    everywhere = request.context.is_admin
    return list(
        instances.page(request.context, search=search, size=MOST, all_projects=everywhere, details=True)
    )


def _hint(request: Request, instance: Instance) -> str:
    """Return the status, with the project unless the user works in it."""
    status = status_labels.status(instance.status)
    project = request.context.project
    return status if project and project.id == instance.project_id else f"{status} · {instance.project.name}"


def _actions(request: Request, instance: Instance, verb: str) -> Iterator[dict[str, Any]]:
    """Yield permitted actions that need no parameters."""
    for choice in choices(request.context, instance):
        action = choice.action
        if (
            choice.allowed
            and not action.in_place
            and action.verb != "purge"
            and verb.lower() in str(action.label).lower()
        ):
            label = _("%(label)s %(name)s") % {"label": action.label, "name": instance.name}
            url = reverse("instance-action", args=[instance.pk, action.verb])
            item = _item(label, _("Action"), action.icon, url)
            yield item if action.asks else item | {"verb": action.verb, "confirm": str(choice.effect.confirm)}


def _item(label: str, hint: str, icon: str, url: str) -> dict[str, Any]:
    return {"label": label, "hint": hint, "icon": icons.svg(icon), "url": url}


def _if_fitting(query: str, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if all(word in item["label"].lower() for word in query.lower().split()):
        yield item
