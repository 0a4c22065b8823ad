"""Contexts of websockets, read from the session again and again, since a websocket may outlive its session."""

import hashlib
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.authentication import PasswordBackend
from accounts.context import Context, for_user
from accounts.errors import NotSignedIn


@database_sync_to_async
def context_of(scope: dict[str, Any]) -> Context | None:
    """Return the context of the session now; None once it has ended or the password has changed."""
    return read(scope)


def required(scope: dict[str, Any]) -> Context:
    """Return the context, for code that may block. Raise NotSignedIn."""
    context = read(scope)
    if context is None:
        raise NotSignedIn
    return context


def read(scope: dict[str, Any]) -> Context | None:
    """Return the same as `context_of`, for code that may block."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(scope["session"].session_key)
    if SESSION_KEY not in store or BACKEND_SESSION_KEY not in store:
        return None
    user = PasswordBackend().get_user(store[SESSION_KEY])
    if user is None or store.get(HASH_SESSION_KEY) != user.get_session_auth_hash():
        return None
    return for_user(user, store.get("project_id"))


def group_of(session_key: str) -> str:
    """Return the channel-layer group of a session's connections, named by a digest of the secret key."""
    return "session." + hashlib.sha256(session_key.encode()).hexdigest()[:32]
