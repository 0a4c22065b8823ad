"""Requests as pages see them, and answers to people and to htmx."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise

from accounts.context import Context
from accounts.errors import MeridianError
from accounts.models import User


class Request(HttpRequest):
    """A request behind the middleware: signed in, unless the view says otherwise."""

    context: Context
    request_id: str
    user: User


def is_htmx(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true"


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script asks; browsers name text/html first."""
    return request.headers.get("Accept", "").startswith("application/json")


def field_texts(error: MeridianError) -> dict[str, str]:
    """Return the sentences of an error that belong to fields."""
    return {name: str(text) for name, text in error.fields.items() if text}


def json_error(error: MeridianError) -> JsonResponse:
    """Return an error as a script reads it."""
    body = {"code": error.code, "message": str(error), "fields": field_texts(error)}
    return JsonResponse({"error": body}, status=error.status)


def page(
    request: HttpRequest, template: str, values: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Return a page or a part of one. It is never stored: after signing out, Back must not show it."""
    response = render(request, template, values, status=status)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "HX-Request, HX-Target"
    return response


def live_page(
    request: HttpRequest, template: str, parts: dict[str, str], values: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Return a page, or one of its live `parts` (element id → template) if htmx asks for it."""
    part = parts.get(request.headers.get("HX-Target", "")) if is_htmx(request) else None
    return page(request, part or template, values | {"is_part": part is not None}, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What a toast offers beside its text: the page of what it names, and a POST that takes it back."""

    url: str = ""
    undo_url: str = ""
    undo_values: dict[str, list[str]] | None = None


def done(
    request: HttpRequest,
    text: str | Promise,
    back: str,
    *,
    changed: tuple[str, ...] = (),
    more: More | None = None,
) -> HttpResponse:
    """Say that something was done. Redirect to `back`; for htmx, send the topics in `changed` instead."""
    if not is_htmx(request):
        messages.success(request, str(text))
        return redirect(back)
    return with_events(HttpResponse(status=204), toast("success", text, more), *changed)


def away(request: HttpRequest, text: str | Promise, to: str) -> HttpResponse:
    """Say that something was done, and redirect to another page, by htmx too."""
    messages.success(request, str(text))
    if not is_htmx(request):
        return redirect(to)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = to
    return response


def deleted(
    request: HttpRequest, text: str | Promise, to: str, *, changed: tuple[str, ...] = ()
) -> HttpResponse:
    """Say that a row was deleted. Redirect from its own page, which sends `leave`; elsewhere answer as `done`."""
    return away(request, text, to) if request.POST.get("leave") else done(request, text, to, changed=changed)


def toast(kind: str, text: str | Promise, more: More | None = None) -> dict[str, dict[str, Any]]:
    """Return the event that static/js/toast.js shows and speaks; `kind` is success or danger."""
    return {"toast": {"kind": kind, "text": str(text)} | (asdict(more) if more else {})}


def with_events(response: HttpResponse, event: dict[str, Any], *topics: str) -> HttpResponse:
    """Send `event` to the page, and make its regions of these topics ask again at once."""
    response["HX-Trigger"] = json.dumps(event | {f"live:{topic}": True for topic in topics})
    return response
