"""`/credentials`: EC2 keys, certificates and what else users keep here (Identity API reference, "Credentials")."""

from typing import Any

from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables

from accounts.api.base import Collection, Member, Resource, links
from accounts.api.schemas import stored_credentials as schemas
from accounts.models import StoredCredential
from accounts.services import stored_credentials


@sensitive_variables()
def show(credential: StoredCredential) -> dict[str, Any]:
    return {
        "id": credential.id,
        "user_id": credential.user_id,
        "project_id": credential.project_id,
        "type": credential.type,
        "blob": stored_credentials.blob(credential),
        "links": links("credentials", credential.id),
    }


CREDENTIAL = Resource(
    noun="credential",
    path="credentials",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"user_id": "user__pk", "type": "type"},
)


class StoredCredentials(Collection):
    resource = CREDENTIAL

    def rows(self) -> QuerySet[StoredCredential]:
        return stored_credentials.visible_to(self.context)

    @method_decorator(sensitive_variables())
    def create(self, data: dict[str, Any]) -> StoredCredential:
        return stored_credentials.create(self.context, data)


class OneStoredCredential(Member):
    resource = CREDENTIAL

    def rows(self) -> QuerySet[StoredCredential]:
        return stored_credentials.visible_to(self.context)

    @method_decorator(sensitive_variables())
    def update(self, key: str, data: dict[str, Any]) -> StoredCredential:
        return stored_credentials.update(self.context, key, data)

    def remove(self, key: str) -> None:
        stored_credentials.delete(self.context, key)
