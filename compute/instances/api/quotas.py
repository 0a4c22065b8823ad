"""`/limits`, `/os-quota-sets` and `/os-quota-class-sets`: quotas in Nova's words.

`compute.instances.services.resources` lists which of Nova's quotas are counted, and which are only stored.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, Forbidden, NotFound
from accounts.models import Project, Quota
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.services import inputs, quota_classes, quotas, user_quotas
from accounts.services.quotas import Usage
from compute.api.base import ComputeView
from compute.instances.api.schemas import quotas as schemas
from compute.instances.services import server_groups

COMPUTE = (*schemas.names(1), *schemas.GROUPS)
"""Nova's names of quotas."""


class Limits(ComputeView):
    @contract(query=schemas.LIMITS_QUERY, answers={200: schemas.LIMITS})
    def get(self, request: Request) -> HttpResponse:
        project = request.query_params.get("tenant_id") or _own_project(self)
        usage_by_name = {row.resource.name: row for row in _usage(self, project)}
        limits = quotas.limits([project])[project]
        absolute: dict[str, int] = {
            "maxServerMeta": limits["metadata_items"],
            "maxTotalKeypairs": limits["key_pairs"],
            "maxServerGroups": limits["server_groups"],
            "maxServerGroupMembers": limits["server_group_members"],
            "totalServerGroupsUsed": server_groups.used(project),
        }
        for name, label in {"instances": "Instances", "cores": "Cores", "ram": "RAM"}.items():
            size = "RAMSize" if name == "ram" else label
            absolute |= {
                f"maxTotal{size}": usage_by_name[name].limit,
                f"total{label}Used": usage_by_name[name].used,
            }
        if not self.at_least(36):
            absolute |= {
                "maxTotalFloatingIps": Quota.UNLIMITED,
                "totalFloatingIpsUsed": 0,
                "maxSecurityGroups": Quota.UNLIMITED,
                "totalSecurityGroupsUsed": 0,
                "maxSecurityGroupRules": Quota.UNLIMITED,
            }
        if not self.at_least(39):
            absolute["maxImageMeta"] = limits["metadata_items"]
        if not self.at_least(57):
            absolute |= {"maxPersonality": 0, "maxPersonalitySize": 0}
        return JsonResponse({"limits": {"rate": [], "absolute": absolute}})


class QuotaSet(ComputeView):
    """Show, set and reset a project's limits, or with `user_id` the limits of one of its users."""

    @contract(query=schemas.USER_QUERY, answers={200: schemas.SHOWN})
    def get(self, request: Request, project: str) -> HttpResponse:
        return JsonResponse({"quota_set": {"id": project, **_visible_limits(self, project)}})

    @contract(body=schemas.UPDATE, query=schemas.USER_QUERY, answers={200: schemas.CHANGED})
    def put(self, request: Request, project: str) -> HttpResponse:
        """Set limits. Without `force`, refuse limits below the usage, and users' limits above the project's."""
        policy.enforce(self.context, "quota:write")
        _enforce_project(project)
        fields = self.body()["quota_set"]
        changes = quotas.parse_limits(_changes(fields))
        force = inputs.flag(fields, "force", False)
        if (user := _user(self)) is not None:
            try:
                user_quotas.update(self.context, project, user, changes, force=force)
            except NotFound as error:
                raise BadInput(fields={"user_id": error.text}) from error
        else:
            with transaction.atomic():
                Project.objects.select_for_update(no_key=True).get(pk=project)
                if not force:
                    user_quotas.enforce_bounds(project, changes)
                quotas.update(self.context, project, changes)
        return JsonResponse({"quota_set": _visible_limits(self, project)})

    @contract(query=schemas.USER_QUERY, answers={202: None})
    def delete(self, request: Request, project: str) -> HttpResponse:
        """Reset to the defaults, or for one user to the project's limits."""
        policy.enforce(self.context, "quota:write")
        if (user := _user(self)) is not None:
            user_quotas.reset(self.context, project, user)
        else:
            user_quotas.reset_all(self.context, project, COMPUTE)
        return accepted()


class QuotaDetail(ComputeView):
    """Show the limits with the usage of each."""

    @contract(query=schemas.USER_QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request, project: str) -> HttpResponse:
        limits, user = _visible_limits(self, project), _user(self)
        rows = quotas.user_usage(project, user) if user else quotas.usage([project])[project]
        usage_by_name = {row.resource.name: row.used for row in rows}
        usage_by_name |= {"server_groups": server_groups.used(project, user)}
        detail = {
            name: {"limit": limit, "in_use": usage_by_name.get(name, 0), "reserved": 0}
            for name, limit in limits.items()
        }
        return JsonResponse({"quota_set": {"id": project, **detail}})


class QuotaDefaults(ComputeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, project: str) -> HttpResponse:
        policy.enforce(self.context, "quota:read")
        return JsonResponse({"quota_set": {"id": project, **_defaults(schemas.names(self.version.minor))}})


class QuotaClassSet(ComputeView):
    """Show and set the limits of a quota class; those of `default` are the default limits."""

    @contract(answers={200: schemas.CLASS_SHOWN})
    def get(self, request: Request, name: str) -> HttpResponse:
        return JsonResponse({"quota_class_set": {"id": name, **self._limits(name)}})

    @contract(body=schemas.UPDATE_CLASS, answers={200: schemas.CLASS_CHANGED})
    def put(self, request: Request, name: str) -> HttpResponse:
        quota_classes.update(self.context, name, _changes(self.body()["quota_class_set"]))
        return JsonResponse({"quota_class_set": self._limits(name)})

    def _limits(self, name: str) -> dict[str, int]:
        limits = quota_classes.limits(self.context, name)
        return {resource: limits[resource] for resource in schemas.class_names(self.version.minor)}


def _visible_limits(view: ComputeView, project: str) -> dict[str, int]:
    """Return the limits of the project, or of the query's user. Raise Forbidden, BadInput."""
    _enforce_reach(view, project)
    user = _user(view)
    limits = quotas.user_limits(project, user) if user else quotas.limits([project])[project]
    return {name: limits[name] for name in schemas.names(view.version.minor)}


def _user(view: ComputeView) -> str | None:
    return view.request.query_params.get("user_id")


def _defaults(names: Iterable[str]) -> dict[str, int]:
    limits = quotas.defaults()
    return {name: limits[name] for name in names}


def _usage(view: ComputeView, project: str) -> list[Usage]:
    """Return the usage of the asker's project, or of any for administrators. Raise Forbidden, BadInput."""
    _enforce_reach(view, project)
    return quotas.usage([project])[project]


def _enforce_reach(view: ComputeView, project: str) -> None:
    """Raise Forbidden for another project unless the asker is an administrator. Raise BadInput for an unknown one."""
    policy.enforce(view.context, "quota:read")
    own = view.context.project
    if own is None or own.id != project:
        if not policy.allows(view.context, "quota:write"):
            raise Forbidden
        _enforce_project(project)


def _own_project(view: ComputeView) -> str:
    if view.context.project is None:
        raise BadInput(_("Ask with a token of a project, or name one."))
    return view.context.project.id


def _enforce_project(project: str) -> None:
    if not is_text(project) or not Project.objects.filter(pk=project).exists():
        raise BadInput(_("Project ID %(id)s is not a valid project.") % {"id": project[:64]})


def _changes(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of the body that are not null."""
    ignored = {"force", "tenant_id", "id"}
    return {name: value for name, value in fields.items() if name not in ignored and value is not None}
