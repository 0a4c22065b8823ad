"""Authentication by X-Auth-Token, the only method of the APIs."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import access_rules
from accounts.errors import Forbidden, NotSignedIn
from accounts.models import User
from accounts.openstack import faults
from accounts.services import tokens
from accounts.services.tokens import Valid


class TokenAuthentication(BaseAuthentication):
    """Authenticate by the token alone. Cookies are ignored, so that no other site can use them."""

    def authenticate(self, request: Request) -> tuple[User, Valid]:
        view: Any = (request.parser_context or {})["view"]
        valid = tokens.check(request.headers.get("X-Auth-Token"))
        if valid is None:
            raise NotSignedIn("The request you have made requires authentication.")
        credential = valid.token.credential
        if credential is not None and credential.access_rules:
            _enforce(credential.access_rules, request, view.api.type, view.api.root)
        return valid.token.user, valid

    def authenticate_header(self, request: Request | None) -> str:
        return faults.challenge()


def _enforce(rules: list[dict[str, Any]], request: Request, service: str, root: str) -> None:
    """Raise Forbidden unless a rule allows this call. Showing the token itself is always allowed."""
    path = request.path.removeprefix(root)
    if service == "identity" and path == "/v3/auth/tokens":
        return
    if not access_rules.allow(rules, service=service, method=str(request.method), path=path):
        raise Forbidden("No access rule of the application credential allows this call.")
