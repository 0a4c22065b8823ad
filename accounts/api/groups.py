"""`/groups`."""

from typing import Any

from django.db.models import QuerySet

from accounts.api.base import Collection, Member, Resource, links
from accounts.api.schemas import groups as schemas
from accounts.models import Group
from accounts.services import groups


def show(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": links("groups", group.id),
    }


GROUP = Resource(
    noun="group",
    path="groups",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"name": "name", "domain_id": "domain__pk"},
)


class Groups(Collection):
    resource = GROUP

    def rows(self) -> QuerySet[Group]:
        return groups.all_for_admin(self.context)

    def create(self, data: dict[str, Any]) -> Group:
        return groups.create(self.context, data)


class OneGroup(Member):
    resource = GROUP

    def rows(self) -> QuerySet[Group]:
        return groups.visible_to(self.context)

    def update(self, key: str, data: dict[str, Any]) -> Group:
        return groups.update(self.context, key, data)

    def remove(self, key: str) -> None:
        groups.delete(self.context, key)
