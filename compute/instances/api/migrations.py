"""`/os-migrations` and `/servers/{id}/migrations`: the record of resizes, for administrators.

Below a server, Nova shows only live migrations that run, and there are none.
"""

from typing import Any, NoReturn

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import NotFound
from accounts.names import is_text
from accounts.openstack import ids
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView, number_of
from compute.engine.models import Operation
from compute.instances.api.changes import period
from compute.instances.api.schemas import records as schemas
from compute.instances.api.servers import find
from compute.instances.services import migrations

_PLAIN = {"status": "status", "host": "parameters__host", "source_compute": "parameters__host"}
"""Filter → lookup. A resize stays on its host, which is both source and destination."""

_OWNERS = {"user_id": "user", "project_id": "project"}


class Migrations(ComputeView):
    @contract(query=schemas.MIGRATIONS_QUERY, answers={200: schemas.MIGRATIONS})
    def get(self, request: Request) -> HttpResponse:
        rows = self._filtered(migrations.listing(self.context))
        if not self.at_least(59):
            return JsonResponse({"migrations": [self._show(row) for row in rows]})
        page = COMPUTE.paging.page(request.query_params, rows)
        return COMPUTE.page_response(request, "migrations", "os-migrations", page, self._show)

    def _filtered(self, rows: "QuerySet[Operation]") -> "QuerySet[Operation]":
        query = self.request.query_params
        for name, lookup in (_PLAIN | (_OWNERS if self.at_least(80) else {})).items():
            if name in query:
                rows = rows.filter(**{lookup: query[name]}) if is_text(query[name]) else rows.none()
        if "instance_uuid" in query:
            instance_id = ids.uuid(query["instance_uuid"])
            rows = rows.filter(subject_id=instance_id) if instance_id else rows.none()
        if query.get("migration_type", migrations.NOVA_TYPE) != migrations.NOVA_TYPE:
            rows = rows.none()
        # Nova hides old migrations; here none is hidden.
        if inputs.flag(query, "hidden", False):
            rows = rows.none()
        return migrations.changed_between(rows, *period(self, since=59))

    def _show(self, row: Any) -> dict[str, Any]:
        host = row.parameters.get("host", "")
        body = {
            "id": number_of(row.pk.bytes),
            "instance_uuid": str(row.subject_id),
            "status": row.status,
            "source_compute": host,
            "source_node": host,
            "dest_compute": host,
            "dest_node": host,
            "dest_host": host,
            "old_instance_type_id": _flavor_number(row.parameters.get("from")),
            "new_instance_type_id": _flavor_number(row.parameters.get("to")),
            "created_at": without_zone(row.created_at),
            "updated_at": without_zone(row.changed),
        }
        if self.at_least(23):
            body["migration_type"] = migrations.NOVA_TYPE
        if self.at_least(59):
            body["uuid"] = str(row.pk)
        if self.at_least(80):
            body |= {"user_id": row.user_id or "", "project_id": row.project_id}
        return body


class ServerMigrations(ComputeView):
    since = Version(2, 23)

    @contract(answers={200: schemas.NO_MIGRATIONS})
    def get(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "migration:read")
        find(self, key)
        return JsonResponse({"migrations": []})


class OneServerMigration(ComputeView):
    since = Version(2, 23)

    @contract(answers={200: schemas.NO_MIGRATION})
    def get(self, request: Request, key: str, migration: str) -> HttpResponse:
        return self._raise_not_found(key, migration)

    @contract(answers={202: None})
    def delete(self, request: Request, key: str, migration: str) -> HttpResponse:
        return self._raise_not_found(key, migration)

    def _raise_not_found(self, key: str, migration: str) -> NoReturn:
        policy.enforce(self.context, "migration:read")
        find(self, key)
        raise NotFound(
            _("Migration %(id)s for server %(server)s is not an in-progress live migration.")
            % {"id": migration[:64], "server": key}
        )


def _flavor_number(key: str | None) -> int | None:
    """Return the flavor's id as a number, as in Nova's records."""
    if key is None:
        return None
    return int(key) if key.isascii() and key.isdigit() and len(key) < 10 else number_of(key.encode())
