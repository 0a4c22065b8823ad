"""From a session to a context, and from an error to a page."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils import timezone

from accounts import context as contexts
from accounts.addresses import client_address
from accounts.errors import LockedOut, MeridianError, Unavailable
from accounts.hashing import asking_address
from accounts.services import sessions
from portal.apis import is_api
from portal.pages import errors
from portal.requests import field_texts, is_htmx, json_error, toast, wants_json, with_events

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ContentSecurityPolicy(CSPMiddleware):
    """Set the settings' policy on pages. Answers of APIs are data, and may load and be framed by nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if is_api(request):
            response.headers.setdefault(HEADER, "default-src 'none'; frame-ancestors 'none'")
            return response
        return super().process_response(request, response)


class RequestId:
    """Give every request an id in the log, the audit log and the answer, as OpenStack's services do.

    `began_at` is when it came: whatever changes later, its page may not show.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.request_id = f"req-{uuid.uuid4()}"
        request.began_at = timezone.now()
        asking_address.set(client_address(request))
        with structlog.contextvars.bound_contextvars(request=request.request_id):
            response = self.get_response(request)
        response.headers["x-openstack-request-id"] = request.request_id
        return response


class SignInRequired(LoginRequiredMiddleware):
    """Require a session for every view, unless it says `login_not_required`. Writes no session itself."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Let requests of APIs pass, which ask for a token and ignore cookies."""
        return None if is_api(request) else super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if wants_json(request):
            return JsonResponse({"error": {"code": "unauthorized", "message": "Sign in first."}}, status=401)
        if is_htmx(request):
            # The session ended while the page was open: take the whole page along, not the region.
            response = HttpResponse(status=401)
            page = urlsplit(request.headers.get("HX-Current-URL", ""))
            to = urlencode({"next": urlunsplit(("", "", page.path, page.query, ""))}) if page.path else ""
            response["HX-Redirect"] = f"{reverse('sign-in')}?{to}" if to else reverse("sign-in")
            return response
        return super().handle_no_permission(request, view_func)


class CurrentContext:
    """Put the user, project and roles on the request. APIs find them by token."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        if not is_api(request) and request.user.is_authenticated:
            request.context = contexts.for_user(
                request.user,
                request.session.get("project_id"),
                address=client_address(request),
                request_id=request.request_id,
            )
            sessions.touch(request)
        return self.get_response(request)


class Errors:
    """Turn errors for people into a page, a toast or JSON. Leave bugs to Django."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            exception = Unavailable()
        if isinstance(exception, UnreadablePostError):
            return HttpResponse(status=400)  # the client has gone
        if not isinstance(exception, MeridianError):
            return None
        if wants_json(request):
            response: HttpResponse = json_error(exception)
        elif is_htmx(request):
            sentence = " ".join([str(exception), *field_texts(exception).values()])
            response = with_events(HttpResponse(status=exception.status), toast("danger", sentence))
        else:
            response = errors.problem(request, exception)
        if isinstance(exception, LockedOut):
            response["Retry-After"] = str(exception.seconds)
        elif exception.status == Unavailable.status:
            response["Retry-After"] = "5"
        return response
