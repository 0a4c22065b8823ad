"""`/ec2tokens` and `/s3tokens`: other services ask who signed a request of EC2 or S3.

As in Keystone the answer is a token's body. Only the token of `/ec2tokens` can be used; its text stands in the header.
"""

from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request

from accounts.api import tokens as tokens_api
from accounts.api.base import IdentityView
from accounts.api.schemas import ec2_tokens as schemas
from accounts.api.schemas.tokens import TOKEN
from accounts.openstack.contract import contract
from accounts.services import ec2_tokens
from accounts.services.ec2_signatures import SignedRequest

FIELDS = ("access", "signature", "verb", "host", "path", "params", "headers", "body_hash")


class Ec2Tokens(IdentityView):
    @contract(body=schemas.ISSUE_EC2, answers={200: TOKEN})
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> HttpResponse:
        """Issue a token for a request of EC2 that a key has signed."""
        signed = _signed(self.body())
        fields: dict[str, Any] = {name: signed[name] for name in FIELDS if name in signed}
        issued = ec2_tokens.issue(self.context, SignedRequest(**fields))
        return tokens_api.answer(request, issued.valid, issued.text)


class S3Tokens(IdentityView):
    @contract(body=schemas.ISSUE_S3, answers={200: TOKEN})
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> HttpResponse:
        """Describe the token for a request of S3 that a key has signed."""
        signed = _signed(self.body())
        valid = ec2_tokens.describe(self.context, signed["access"], signed["token"], signed["signature"])
        return tokens_api.answer(request, valid, "")


def _signed(body: dict[str, Any]) -> dict[str, Any]:
    """Return the signed request, which stands below one of two names."""
    signed: dict[str, Any] = body["credentials"] if "credentials" in body else body["ec2Credentials"]
    return signed
