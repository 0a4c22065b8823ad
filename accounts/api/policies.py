"""`/policies`: texts that other services keep here."""

from typing import Any

from django.db.models import QuerySet

from accounts.api.base import Collection, Member, Resource, links
from accounts.api.schemas import policies as schemas
from accounts.models import Policy
from accounts.services import policies


def show(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "type": policy.type,
        "blob": policy.blob,
        "links": links("policies", policy.id),
    }


POLICY = Resource(
    noun="policy",
    path="policies",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"type": "type"},
)


class Policies(Collection):
    resource = POLICY

    def rows(self) -> QuerySet[Policy]:
        return policies.all_for_admin(self.context)

    def create(self, data: dict[str, Any]) -> Policy:
        return policies.create(self.context, data)


class OnePolicy(Member):
    resource = POLICY

    def rows(self) -> QuerySet[Policy]:
        return policies.all_for_admin(self.context)

    def update(self, key: str, data: dict[str, Any]) -> Policy:
        return policies.update(self.context, key, data)

    def remove(self, key: str) -> None:
        policies.delete(self.context, key)
