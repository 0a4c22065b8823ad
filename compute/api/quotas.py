"""`/limits`, `/os-quota-sets` and `/os-quota-class-sets`: quotas in Nova's words.

Nova's sets have names for more than we limit: those say -1, no limit, and cannot be given another one.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, Forbidden
from accounts.models import Project, Quota
from accounts.names import is_text
from accounts.services import inputs, limits, quotas
from accounts.services.quotas import Usage
from compute.api.base import ComputeView, accepted
from compute.services.labels import MOST_METADATA

OWN = ("instances", "cores", "ram")
NETWORK = ("fixed_ips", "floating_ips", "security_groups", "security_group_rules")
FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
GROUPS = ("server_groups", "server_group_members")
KNOWN = {*OWN, *NETWORK, *FILES, *GROUPS, "key_pairs", "metadata_items"}
FIXED = {"metadata_items": MOST_METADATA, **dict.fromkeys(FILES, 0)}
"""What is limited for everybody alike."""


class Limits(ComputeView):
    def get(self, request: Request) -> HttpResponse:
        asked = request.query_params.get("tenant_id")
        used = {row.resource.name: row for row in _usage(self, asked or _own_project(self))}
        absolute: dict[str, int] = {"maxServerMeta": MOST_METADATA, "maxTotalKeypairs": Quota.UNLIMITED}
        for name, label in {"instances": "Instances", "cores": "Cores", "ram": "RAM"}.items():
            size = "RAMSize" if name == "ram" else label
            absolute |= {f"maxTotal{size}": used[name].limit, f"total{label}Used": used[name].used}
        absolute |= {
            "maxServerGroups": Quota.UNLIMITED,
            "maxServerGroupMembers": Quota.UNLIMITED,
            "totalServerGroupsUsed": 0,
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
            absolute["maxImageMeta"] = MOST_METADATA
        if not self.at_least(57):
            absolute |= {"maxPersonality": 0, "maxPersonalitySize": 0}
        return JsonResponse({"limits": {"rate": [], "absolute": absolute}})


class QuotaSet(ComputeView):
    """A project's limits."""

    def get(self, request: Request, project: str) -> HttpResponse:
        rows = {row.resource.name: row.limit for row in _usage(self, project)}
        return JsonResponse({"quota_set": {"id": project, **_limits(_names(self), rows)}})

    def put(self, request: Request, project: str) -> HttpResponse:
        policy.enforce(self.context, "quota:write")
        if "user_id" in request.query_params:
            raise BadInput(fields={"user_id": _("Quotas are a project's, not a user's.")})
        _enforce_project(project)
        given = inputs.mapping(self.body(), "quota_set")
        _enforce_fit(self, project, given)
        quotas.update(self.context, project, _changes(_names(self), given))
        rows = {row.resource.name: row.limit for row in _usage(self, project)}
        return JsonResponse({"quota_set": _limits(_names(self), rows)})

    def delete(self, request: Request, project: str) -> HttpResponse:
        """The defaults count again."""
        policy.enforce(self.context, "quota:write")
        with transaction.atomic():
            for name in OWN:
                quotas.reset(self.context, project, name)
        return accepted()


class QuotaDetail(ComputeView):
    """Limits with what is used of them."""

    def get(self, request: Request, project: str) -> HttpResponse:
        rows = {row.resource.name: row for row in _usage(self, project)}
        bare = _limits(_names(self), {})
        detail = {name: {"limit": limit, "in_use": 0, "reserved": 0} for name, limit in bare.items()}
        for name in OWN:
            detail[name] = {"limit": rows[name].limit, "in_use": rows[name].used, "reserved": 0}
        return JsonResponse({"quota_set": {"id": project, **detail}})


class QuotaDefaults(ComputeView):
    def get(self, request: Request, project: str) -> HttpResponse:
        return JsonResponse({"quota_set": {"id": project, **_limits(_names(self), _defaults(self))}})


class QuotaClassSet(ComputeView):
    """The defaults, which Nova calls the class `default`."""

    def get(self, request: Request, name: str) -> HttpResponse:
        policy.enforce(self.context, "quota:write")
        return JsonResponse({"quota_class_set": {"id": name, **_limits(self._names(), _defaults(self))}})

    def put(self, request: Request, name: str) -> HttpResponse:
        policy.enforce(self.context, "quota:write")
        if name != "default":
            raise BadInput(_("There is one class of quotas: default."))
        given = inputs.mapping(self.body(), "quota_class_set")
        quotas.update(self.context, None, _changes(self._names(), given))
        return JsonResponse({"quota_class_set": _limits(self._names(), _defaults(self))})

    def _names(self) -> list[str]:
        hidden = set(NETWORK) if self.at_least(50) else set(GROUPS)
        return [
            name
            for name in (*OWN, "key_pairs", "metadata_items", *GROUPS, *NETWORK, *FILES)
            if name not in hidden and not (name in FILES and self.at_least(57))
        ]


def _names(view: ComputeView) -> list[str]:
    names = [*OWN, "key_pairs", "metadata_items", *GROUPS]
    names += [] if view.at_least(36) else NETWORK
    return names + ([] if view.at_least(57) else list(FILES))


def _limits(names: Iterable[str], known: dict[str, int]) -> dict[str, int]:
    return {name: known.get(name, FIXED.get(name, Quota.UNLIMITED)) for name in names}


def _defaults(view: ComputeView) -> dict[str, int]:
    return {row.resource.name: row.limit for row in limits.registered(view.context)}


def _usage(view: ComputeView, project: str) -> list[Usage]:
    """The project's usage, for itself and for administrators."""
    policy.enforce(view.context, "quota:read")
    own = view.context.project
    if own is None or own.id != project:
        if not policy.allows(view.context, "quota:write"):
            raise Forbidden
        _enforce_project(project)
    return quotas.usage([project])[project]


def _own_project(view: ComputeView) -> str:
    if view.context.project is None:
        raise BadInput(_("Ask with a token of a project, or name one."))
    return view.context.project.id


def _enforce_project(project: str) -> None:
    if not is_text(project) or not Project.objects.filter(pk=project).exists():
        raise BadInput(_("Project ID %(id)s is not a valid project.") % {"id": project[:64]})


def _changes(names: Iterable[str], given: dict[str, Any]) -> dict[str, Any]:
    """What of the given limits is ours to write. Raises BadInput for others, unless they are as given anyway."""
    changes, wrong = {}, {}
    fixed = _limits(names, {})
    for name, value in given.items():
        if name in OWN:
            changes[name] = value
        elif name in {"force", "tenant_id", "id"}:
            continue
        elif name not in fixed:
            wrong[name] = _("There is no quota of this name.")
        elif quotas.whole_number(value) != fixed[name]:
            wrong[name] = _("This is not limited by quota; it stays %(value)s.") % {"value": fixed[name]}
    if wrong:
        raise BadInput(fields=wrong)
    return changes


def _enforce_fit(view: ComputeView, project: str, given: dict[str, Any]) -> None:
    """Below what is used only with `force`, as in Nova."""
    if inputs.flag(given, "force", False):
        return
    used = {row.resource.name: row.used for row in _usage(view, project)}
    wrong = {
        name: _("%(used)s are in use; add “force” to set less.") % {"used": used[name]}
        for name in OWN
        if (value := quotas.whole_number(given.get(name))) is not None and 0 <= value < used[name]
    }
    if wrong:
        raise BadInput(fields=wrong)
