"""`/os-quota-sets`, `/os-quota-class-sets` and `/limits`: quotas in Cinder's words."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, Forbidden
from accounts.models import Project, Quota
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.responses import done
from accounts.services import inputs, quota_classes, quotas, user_quotas
from compute.volumes.api.base import VolumeView
from compute.volumes.api.schemas import quotas as schemas
from compute.volumes.models import VolumeType
from compute.volumes.services import volume_quota

NAMES = (
    volume_quota.COUNT,
    volume_quota.SIZE,
    volume_quota.SNAPSHOTS,
    volume_quota.BACKUPS,
    volume_quota.BACKUP_SIZE,
    *volume_quota.CAPS,
)
"""Cinder's names of quotas."""

OF_TYPE = ("volumes", "gigabytes", "snapshots")
"""Quotas that Cinder also has for each type, as `volumes_TYPE`. Here they limit nothing."""


class QuotaSet(VolumeView):
    @contract(query=schemas.QUERY, answers={200: schemas.SHOWN})
    def get(self, request: Request, project: str) -> HttpResponse:
        """Show a project's limits, with `usage` also what is used of them."""
        _enforce_reach(self, project)
        usage = request.query_params.get("usage")
        limits = _of_service(quotas.limits([project])[project])
        if not usage or not inputs.flag({"usage": usage}, "usage", False):
            return JsonResponse({"quota_set": {"id": project, **limits}})
        used = {row.resource.name: row.used for row in quotas.usage([project])[project]}
        detail = {
            name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0, "allocated": 0}
            for name, limit in limits.items()
        }
        return JsonResponse({"quota_set": {"id": project, **detail}})

    @contract(body=schemas.UPDATE, query=schemas.QUERY, answers={200: schemas.CHANGED})
    def put(self, request: Request, project: str) -> HttpResponse:
        policy.enforce(self.context, "quota:write")
        _enforce_project(project)
        with transaction.atomic():
            Project.objects.select_for_update(no_key=True).get(pk=project)
            quotas.update(self.context, project, _changes(self.body()["quota_set"]))
        return JsonResponse({"quota_set": _of_service(quotas.limits([project])[project])})

    @contract(answers={200: None})
    def delete(self, request: Request, project: str) -> HttpResponse:
        """Reset to the defaults."""
        policy.enforce(self.context, "quota:write")
        user_quotas.reset_all(self.context, project, NAMES)
        return done()


class QuotaDefaults(VolumeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, project: str) -> HttpResponse:
        policy.enforce(self.context, "quota:read")
        return JsonResponse({"quota_set": {"id": project, **_of_service(quotas.defaults())}})


class QuotaClassSet(VolumeView):
    """Show and set the limits of a quota class; those of `default` are the default limits."""

    @contract(answers={200: schemas.CLASS_SHOWN})
    def get(self, request: Request, name: str) -> HttpResponse:
        limits = _of_service(quota_classes.limits(self.context, name))
        return JsonResponse({"quota_class_set": {"id": name, **limits}})

    @contract(body=schemas.CLASS_UPDATE, answers={200: schemas.CLASS_CHANGED})
    def put(self, request: Request, name: str) -> HttpResponse:
        quota_classes.update(self.context, name, _changes(self.body()["quota_class_set"]))
        return JsonResponse({"quota_class_set": _of_service(quota_classes.limits(self.context, name))})


class Limits(VolumeView):
    @contract(query=schemas.LIMITS_QUERY, answers={200: schemas.LIMITS})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        project = query.get("project_id") or query.get("tenant_id") or _own_project(self)
        _enforce_reach(self, project)
        limits = quotas.limits([project])[project]
        used = {row.resource.name: row.used for row in quotas.usage([project])[project]}
        absolute = {
            "maxTotalVolumes": limits[volume_quota.COUNT],
            "maxTotalVolumeGigabytes": limits[volume_quota.SIZE],
            "totalVolumesUsed": used[volume_quota.COUNT],
            "totalGigabytesUsed": used[volume_quota.SIZE],
            "maxTotalSnapshots": limits["snapshots"],
            "totalSnapshotsUsed": used.get("snapshots", 0),
            "maxTotalBackups": limits["backups"],
            "totalBackupsUsed": used["backups"],
            "maxTotalBackupGigabytes": limits["backup_gigabytes"],
            "totalBackupGigabytesUsed": used["backup_gigabytes"],
        }
        return JsonResponse({"limits": {"rate": [], "absolute": absolute}})


def _of_service(limits: Mapping[str, int]) -> dict[str, int]:
    """Return Cinder's limits, among them those of each type."""
    types = VolumeType.objects.values_list("name", flat=True)
    of_types = {f"{resource}_{name}": Quota.UNLIMITED for name in types for resource in OF_TYPE}
    return {name: limits[name] for name in NAMES} | of_types


def _changes(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of the body that are not null. Raise BadInput for one that Cinder does not have."""
    changes = {name: value for name, value in fields.items() if name not in {"tenant_id", "id", "force"}}
    of_types = _of_service(quotas.defaults())
    if wrong := sorted(changes.keys() - of_types.keys()):
        raise BadInput(fields={wrong[0][:64]: _("There is no quota of this name.")})
    return {name: value for name, value in changes.items() if name in NAMES and value is not None}


def _own_project(view: VolumeView) -> str:
    if view.context.project is None:
        raise BadInput(_("Ask with a token of a project, or name one."))
    return view.context.project.id


def _enforce_reach(view: VolumeView, project: str) -> None:
    """Raise Forbidden for another project unless the asker is an administrator. Raise BadInput for an unknown one."""
    policy.enforce(view.context, "quota:read")
    own = view.context.project
    if own is None or own.id != project:
        if not policy.allows(view.context, "quota:write"):
            raise Forbidden
        _enforce_project(project)


def _enforce_project(project: str) -> None:
    if not is_text(project) or not Project.objects.filter(pk=project).exists():
        raise BadInput(_("Project ID %(id)s is not a valid project.") % {"id": project[:64]})
