"""`/auth/tokens`: issue, show, revoke."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request

from accounts.api.base import IdentityView
from accounts.api.schemas import tokens as schemas
from accounts.models import Domain
from accounts.openstack.authentication import TokenAuthentication
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.openstack.times import microseconds, without_zone
from accounts.services import catalog, passwords, receipts, token_requests, tokens
from accounts.services.receipts import OneFactorOnly, Receipt
from accounts.services.tokens import Valid

SUBJECT = "X-Subject-Token"
RULES = "OpenStack-Identity-Access-Rules"
"""The header by which a service says that it enforces the access rules of tokens."""


class Tokens(IdentityView):
    """POST proves by its body; the others need a token to ask with and one to ask about."""

    def get_authenticators(self) -> list[Any]:
        return [] if self.request.method == "POST" else [TokenAuthentication()]

    def get_permissions(self) -> Sequence[Any]:
        return [] if self.request.method == "POST" else super().get_permissions()

    @contract(body=schemas.ISSUE, query=schemas.QUERY, answers={201: schemas.TOKEN, 401: schemas.REFUSED})
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> HttpResponse:
        """Issue a token."""
        try:
            issued = token_requests.answer(request._request, self.body()["auth"])
        except OneFactorOnly as error:
            return _receipt(error.receipt)
        return answer(request, issued.valid, issued.text, status=201)

    @contract(query=schemas.QUERY, answers={200: schemas.TOKEN})
    def get(self, request: Request) -> HttpResponse:
        """Show the token in X-Subject-Token."""
        text = request.headers.get(SUBJECT)
        subject = tokens.get_visible(self.context, self.valid, text, knows_rules=RULES in request.headers)
        return answer(request, subject, text or "")

    @contract(answers={204: None})
    def delete(self, request: Request) -> HttpResponse:
        """Revoke the token in X-Subject-Token."""
        tokens.revoke(self.context, self.valid, request.headers.get(SUBJECT))
        return no_content()


def answer(request: Request, valid: Valid, text: str, status: int = 200) -> HttpResponse:
    """Return the token's body, with its text in the header, without the catalog if `?nocatalog` is set.

    A token that is not stored has no text, and so no header.
    """
    body = show(valid)
    if valid.token.is_scoped and "nocatalog" not in request.query_params:
        body["catalog"] = catalog.token_catalog(valid.token, valid.mark)
    response = JsonResponse({"token": body}, status=status)
    if text:
        response[SUBJECT] = text
    response["Vary"] = "X-Auth-Token"
    response["Cache-Control"] = "no-store"
    return response


def _receipt(receipt: Receipt) -> HttpResponse:
    """Return 401 in Keystone's form: the methods that succeeded, and those that are required together."""
    user = receipt.user
    body = {
        "methods": receipt.methods,
        "user": {"id": user.id, "name": user.name, "domain": _domain(user.domain)},
        "issued_at": microseconds(receipt.issued_at),
        "expires_at": microseconds(receipt.expires_at),
    }
    response = JsonResponse({"receipt": body, "required_auth_methods": [list(receipts.RULE)]}, status=401)
    response[receipts.HEADER] = receipt.text
    response["WWW-Authenticate"] = TokenAuthentication().authenticate_header(None)
    response["Cache-Control"] = "no-store"
    return response


def show(valid: Valid) -> dict[str, Any]:
    """Return the token's body without the catalog."""
    token = valid.token
    user = token.user
    body: dict[str, Any] = {
        "methods": token.methods,
        "user": {
            "id": user.id,
            "name": user.name,
            "domain": _domain(user.domain),
            "password_expires_at": without_zone(passwords.expires_at(user)),
        },
        "audit_ids": token.audit_ids,
        "issued_at": microseconds(token.issued_at),
        "expires_at": microseconds(token.expires_at),
    }
    if token.project:
        project = token.project
        body["project"] = {"id": project.id, "name": project.name, "domain": _domain(project.domain)}
        body["is_domain"] = False
    if token.domain:
        body["domain"] = _domain(token.domain)
    if token.system:
        body["system"] = {"all": True}
    if token.is_scoped:
        body["roles"] = [{"id": key, "name": name} for key, name in sorted(valid.roles.items())]
    if token.credential:
        credential = token.credential
        body["application_credential"] = {
            "id": credential.id,
            "name": credential.name,
            "restricted": not credential.unrestricted,
        }
        if credential.access_rules:
            body["application_credential"]["access_rules"] = credential.access_rules
    return body


def _domain(domain: Domain) -> dict[str, str]:
    return {"id": domain.id, "name": domain.name}
