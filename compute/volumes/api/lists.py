"""Lists of rows, a page at a time."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse

from accounts.openstack.responses import listed
from accounts.services import inputs
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView


class RowList(VolumeView):
    """A list at `path`, with the rows under `name`."""

    path: ClassVar[str]
    name: ClassVar[str]

    def show(self, row: Any) -> dict[str, Any]:
        """Return a row as the list has it."""
        raise NotImplementedError

    def rows(self) -> QuerySet[Any]:
        """Return the rows that fit the query string, in its order. Raise BadInput."""
        raise NotImplementedError

    def listing(self) -> HttpResponse:
        query = self.request.query_params
        rows = self.rows()
        start = int(query.get("offset") or 0)
        page = BLOCK_STORAGE.paging.page(query, rows)
        body: dict[str, Any] = {self.name: [self.show(row) for row in page.rows[start:]]}
        if page.more:
            body[f"{self.name}_links"] = [BLOCK_STORAGE.next_link(self.request, self.path, page.rows[-1].pk)]
        if self.at_least(45) and self._is_set("with_count"):
            body["count"] = rows.count()
        return listed(body)

    @property
    def all_projects(self) -> bool:
        """Whether rows of all projects are asked for, which administrators may."""
        return self._is_set("all_tenants")

    def _is_set(self, name: str) -> bool:
        value = self.request.query_params.get(name)
        return inputs.flag({name: value}, name, False) if value else False


def either(body: dict[str, Any], name: str) -> Any:
    """Return a value by its name, or by that which clients of version 1 send."""
    return body.get(name) if name in body else body.get(f"display_{name}")
