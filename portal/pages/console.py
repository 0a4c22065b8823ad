"""Consoles of an instance: screen, serial port and boot log."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.errors import BadInput, Conflict
from compute.engine.actions.permitted import choices
from compute.instances.models import Instance
from compute.instances.services import console_views, consoles, instances, keyboards
from portal.pages.instance import tab
from portal.requests import Request, is_htmx, page

POWER = ("start", "stop", "reboot", "force_reboot", "force_stop")
JUST_NOW = timedelta(seconds=20)
DAY = 24 * 60 * 60
DOWNLOAD_BYTES = 8 * 1024 * 1024
# xterm.js writes its colours and sizes into style elements of its own and knows no nonces.
xterm_styles = csp_replace({"style-src": [SELF, UNSAFE_INLINE]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A kind of console; `tab` and `window` name the addresses of its two forms."""

    name: str
    label: str | Promise
    icon: str
    tab: str
    window: str

    @property
    def template(self) -> str:
        return f"console/{self.name}.html"

    @property
    def script(self) -> str:
        """Return the static file of its script."""
        return "js/console.js" if self.name == "screen" else f"js/{self.name}.js"


SCREEN = Face(
    name="screen",
    label=gettext_lazy("Screen"),
    icon="device-desktop",
    tab="instance-console",
    window="instance-console-window",
)
SERIAL = Face(
    name="serial",
    label=gettext_lazy("Serial"),
    icon="terminal-2",
    tab="instance-serial",
    window="instance-serial-window",
)


@require_safe
def screen_tab(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the graphical console in the instance's page."""
    return _as_tab(request, _get_instance(request, instance_id), SCREEN)


@require_safe
def screen_window(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the graphical console in a window of its own."""
    return _as_window(request, _get_instance(request, instance_id), SCREEN)


@require_safe
@xterm_styles
def serial_tab(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the serial console in the instance's page."""
    return _as_tab(request, _get_instance(request, instance_id), SERIAL)


@require_safe
@xterm_styles
def serial_window(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the serial console in a window of its own."""
    return _as_window(request, _get_instance(request, instance_id), SERIAL)


@require_safe
def state(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the console's live part: the instance's state and its power menu."""
    instance = _get_instance(request, instance_id)
    return page(request, "console/state.html", _state(request, instance))


@require_POST
def issue_token(request: Request, instance_id: UUID) -> JsonResponse:
    """Return a new token for the screen as {"url"}, or 409 with {"visitors"} if others have it open.

    With `how`, "ask" looks for all viewers, "again" for those of the last seconds, "share" and "take" for none.
    """
    instance = _get_instance(request, instance_id)
    mode = request.POST.get("how", "ask")
    if mode not in {"ask", "again", "share", "take"}:
        raise BadInput(fields={"how": _("Choose ask, again, share or take.")})
    viewers = consoles.viewers(instance, exclude=request.user) if mode in {"ask", "again"} else []
    if mode == "again":
        viewers = [viewer for viewer in viewers if viewer.since > timezone.now() - JUST_NOW]
    if viewers:
        present = [{"name": viewer.name, "since": viewer.since.isoformat()} for viewer in viewers]
        return _no_store(JsonResponse({"visitors": present}, status=409))
    token = consoles.issue(request.context, instance, session_key=request.session.session_key or "")
    return _no_store(JsonResponse({"url": consoles.screen_path(instance, token)}, status=201))


@require_safe
def picture(request: Request, instance_id: UUID) -> HttpResponse:
    """Return the screen as a PNG picture, or 204 while the instance is off: a page may ask just as it goes off."""
    instance = _get_instance(request, instance_id)
    try:
        png = console_views.screenshot(instance)
    except Conflict:
        return _no_store(HttpResponse(status=204))
    return _no_store(HttpResponse(png, content_type="image/png"))


@require_safe
def log(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the output of the guest's serial port since its start. The page follows it."""
    instance = _get_instance(request, instance_id)
    values = {"log": console_views.log(instance), "running": instance.vm_state in consoles.RUNNING}
    return tab(request, instance, "log", "console/log_tab.html", "console/log.html", values)


@require_safe
def log_text(request: Request, instance_id: UUID) -> HttpResponse:
    """Return the log's end as plain text, or 304 if nothing was added."""
    boot_log = console_views.log(_get_instance(request, instance_id))
    tag = f'"{boot_log.tag}"'
    response = get_conditional_response(request, etag=tag)
    if response is None:
        response = HttpResponse(
            boot_log.text, content_type="text/plain; charset=utf-8", headers={"ETag": tag}
        )
    response["Cache-Control"] = "no-cache, private"
    return response


@require_safe
def log_download(request: Request, instance_id: UUID) -> HttpResponse:
    """Return the log as the guest wrote it, escape sequences included."""
    instance = _get_instance(request, instance_id)
    content = console_views.log(instance, DOWNLOAD_BYTES).content
    headers = {"Content-Disposition": f'attachment; filename="{instance.pk}.log"'}
    return _no_store(HttpResponse(content, content_type="application/octet-stream", headers=headers))


@require_safe
def layout(request: Request, name: str) -> JsonResponse:
    """Return a keyboard layout: {"characters": {character: [[code, keysym, shift, altgr], …]}}."""
    characters = {
        character: [[key.code, key.keysym, key.shift, key.altgr] for key in strokes]
        for character, strokes in keyboards.strokes(name).items()
    }
    response = JsonResponse({"characters": characters})
    patch_cache_control(response, private=True, max_age=DAY)
    return response


@require_POST
def keep_layout(request: Request, instance_id: UUID) -> HttpResponse:
    """Keep the layout inside the guest, for whoever pastes next."""
    keyboards.set_layout(_get_instance(request, instance_id), request.POST.get("layout", ""))
    return HttpResponse(status=204)


def _get_instance(request: Request, instance_id: UUID) -> Instance:
    """Return the instance. Raise NotFound, or Forbidden if the user may not use its console."""
    instance = instances.get(request.context, instance_id)
    policy.enforce(request.context, consoles.RULE)
    return instance


def _state(request: Request, instance: Instance) -> dict[str, Any]:
    choices_by_verb = {choice.action.verb: choice for choice in choices(request.context, instance)}
    return {
        "instance": instance,
        "running": instance.vm_state in consoles.RUNNING,
        "serial_path": consoles.serial_path(instance),
        "power": [choices_by_verb[verb] for verb in POWER],
        "start": choices_by_verb["start"],
    }


def _first_screen(request: Request, instance: Instance) -> str:
    """Return the path of the screen for the page's own connection; empty if it is off, or others look at it now."""
    is_off = instance.vm_state not in consoles.RUNNING or instance.hypervisor_id is None
    if request.method != "GET" or is_htmx(request) or is_off:
        return ""
    if consoles.viewers(instance, exclude=request.user):
        return ""
    token = consoles.issue(request.context, instance, session_key=request.session.session_key or "")
    return consoles.screen_path(instance, token)


def _face_values(request: Request, instance: Instance, face: Face, *, window: bool) -> dict[str, Any]:
    return {
        "first_screen": _first_screen(request, instance) if face == SCREEN else "",
        "face": face,
        "faces": [
            (other, reverse(other.window if window else other.tab, args=[instance.pk]))
            for other in (SCREEN, SERIAL)
        ],
        "window": window,
        "function_keys": range(1, 13),
        "layouts": [(name, label) for name, (_layout, _variant, label) in keyboards.LAYOUTS.items()],
        "window_url": reverse(face.window, args=[instance.pk]),
    }


def _as_tab(request: Request, instance: Instance, face: Face) -> HttpResponse:
    values = _state(request, instance) | _face_values(request, instance, face, window=False)
    return tab(request, instance, "console", "console/tab.html", face.template, values)


def _as_window(request: Request, instance: Instance, face: Face) -> HttpResponse:
    values = _state(request, instance) | _face_values(request, instance, face, window=True)
    return page(request, "console/window.html", values)


def _no_store(response: HttpResponse) -> Any:
    response["Cache-Control"] = "no-store"
    return response


_INSTANCE = "instances/<uuid:instance_id>"
urlpatterns = [
    path(f"{_INSTANCE}/console/", screen_tab, name="instance-console"),
    path(f"{_INSTANCE}/console/window/", screen_window, name="instance-console-window"),
    path(f"{_INSTANCE}/console/state/", state, name="instance-console-state"),
    path(f"{_INSTANCE}/console/token/", issue_token, name="instance-console-pass"),
    path(f"{_INSTANCE}/console/keyboard/", keep_layout, name="instance-keyboard"),
    path("keyboards/<slug:name>/", layout, name="keyboard-layout"),
    path(f"{_INSTANCE}/serial/", serial_tab, name="instance-serial"),
    path(f"{_INSTANCE}/serial/window/", serial_window, name="instance-serial-window"),
    path(f"{_INSTANCE}/screenshot/", picture, name="instance-screen"),
    path(f"{_INSTANCE}/log/", log, name="instance-log"),
    path(f"{_INSTANCE}/log/text/", log_text, name="instance-log-text"),
    path(f"{_INSTANCE}/log/download/", log_download, name="instance-log-download"),
]
