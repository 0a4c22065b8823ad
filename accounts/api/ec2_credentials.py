"""`/users/{id}/credentials/OS-EC2`: EC2 keys by their access key, as `openstack ec2 credentials` manages them."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request

from accounts.api.base import IdentityView, Resource, listing, url
from accounts.api.schemas import stored_credentials as schemas
from accounts.models import StoredCredential
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import ec2_credentials


@sensitive_variables()
def show(key: StoredCredential) -> dict[str, Any]:
    return {
        "access": key.access,
        "secret": ec2_credentials.secret(key),
        "user_id": key.user_id,
        "tenant_id": key.project_id,
        "trust_id": None,
        "links": {"self": url(f"users/{key.user_id}/credentials/OS-EC2/{key.access}")},
    }


KEY = Resource(
    noun="credential",
    path="credentials",
    show=show,
    item=schemas.EC2_SHOWN,
    list=schemas.EC2_LIST,
    query=schemas.EC2_QUERY,
)


class Ec2Credentials(IdentityView):
    @contract(query=schemas.EC2_QUERY, answers={200: schemas.EC2_LIST})
    def get(self, request: Request, user: str) -> HttpResponse:
        """List the EC2 keys of a user."""
        return listing(request, KEY, ec2_credentials.visible_to(self.context, user))

    @contract(body=schemas.CREATE_EC2, answers={201: schemas.EC2_SHOWN})
    @method_decorator(sensitive_variables())
    def post(self, request: Request, user: str) -> HttpResponse:
        """Create an EC2 key of a user for a project."""
        key = ec2_credentials.create(self.context, user, self.body()["tenant_id"])
        return JsonResponse({KEY.noun: show(key)}, status=201)


class OneEc2Credential(IdentityView):
    @contract(answers={200: schemas.EC2_SHOWN})
    def get(self, request: Request, user: str, access: str) -> HttpResponse:
        """Show an EC2 key."""
        key = ec2_credentials.get_visible(self.context, user, access)
        return JsonResponse({KEY.noun: show(key)})

    @contract(answers={204: None})
    def delete(self, request: Request, user: str, access: str) -> HttpResponse:
        """Delete an EC2 key; its tokens end with it."""
        ec2_credentials.delete(self.context, user, access)
        return no_content()
