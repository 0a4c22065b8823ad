"""`/users/{id}/application_credentials`."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request

from accounts.api.base import IdentityView, Resource, listing, url
from accounts.api.schemas import application_credentials as schemas
from accounts.models import ApplicationCredential
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.openstack.times import without_zone
from accounts.services import application_credentials, inputs


def show(credential: ApplicationCredential) -> dict[str, Any]:
    return {
        "id": credential.id,
        "name": credential.name,
        "description": credential.description or None,
        "project_id": credential.project_id,
        "user_id": credential.user_id,
        "system": None,
        "roles": [{"id": role.id, "name": role.name, "domain_id": None} for role in credential.roles.all()],
        "unrestricted": credential.unrestricted,
        "expires_at": without_zone(credential.expires_at),
        "access_rules": credential.access_rules,
        "links": {"self": url(f"users/{credential.user_id}/application_credentials/{credential.id}")},
    }


CREDENTIAL = Resource(
    noun="application_credential",
    path="application_credentials",
    show=show,
    texts={"name": "name"},
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
)


class ApplicationCredentials(IdentityView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request, user: str) -> HttpResponse:
        return listing(request, CREDENTIAL, application_credentials.visible_to(self.context, user))

    @contract(body=schemas.CREATE, answers={201: schemas.CREATED})
    @method_decorator(sensitive_variables())
    def post(self, request: Request, user: str) -> HttpResponse:
        created = application_credentials.create(self.context, user, self.body()[CREDENTIAL.noun])
        return JsonResponse(
            {CREDENTIAL.noun: show(created.credential) | {"secret": created.secret}}, status=201
        )


class OneApplicationCredential(IdentityView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, user: str, key: str) -> HttpResponse:
        created = application_credentials.visible_to(self.context, user)
        return JsonResponse(
            {CREDENTIAL.noun: show(inputs.get_or_404(created, key, "application credential"))}
        )

    @contract(answers={204: None})
    def delete(self, request: Request, user: str, key: str) -> HttpResponse:
        application_credentials.delete(self.context, user, key)
        return no_content()
