"""`/domains`."""

from typing import Any

from django.db.models import QuerySet

from accounts.api.base import Collection, Member, Resource, links
from accounts.api.schemas import domains as schemas
from accounts.models import Domain
from accounts.services import domains


def show(domain: Domain) -> dict[str, Any]:
    return {
        "id": domain.id,
        "name": domain.name,
        "description": domain.description,
        "enabled": domain.enabled,
        "tags": [],
        "options": {},
        "links": links("domains", domain.id),
    }


DOMAIN = Resource(
    noun="domain",
    path="domains",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"name": "name"},
    flags={"enabled": "enabled"},
)


class Domains(Collection):
    resource = DOMAIN

    def rows(self) -> QuerySet[Domain]:
        return domains.all_for_admin(self.context)

    def create(self, data: dict[str, Any]) -> Domain:
        return domains.create(self.context, data)


class OneDomain(Member):
    resource = DOMAIN

    def rows(self) -> QuerySet[Domain]:
        return domains.visible_to(self.context)

    def update(self, key: str, data: dict[str, Any]) -> Domain:
        return domains.update(self.context, key, data)

    def remove(self, key: str) -> None:
        domains.delete(self.context, key)
