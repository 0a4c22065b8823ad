"""Metadata, tags and access addresses: what clients write on an instance. Done at once; menus have no place for it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance
from compute.instances.services import labels


class _Label(InstanceAction):
    icon = "tag"
    bulk = False

    def applies(self, instance: Instance) -> bool:
        return False

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        wanted = self.wanted(instance, parameters)
        transitions.change(
            instance, **{field: labels.CHECKS[field](value) for field, value in wanted.items()}
        )
        return {}

    def wanted(self, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Column → its new value, unchecked. Runs with the row locked, so that nothing written meanwhile is lost."""
        return {field: parameters[field] for field in self.fields if field in parameters}


class SetMetadata(_Label):
    """Takes `metadata`, which takes the place of what there is; or `more` to add and `without`, keys to take out."""

    verb = "set_metadata"
    label = _("Set metadata")
    order = 270

    def wanted(self, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if "metadata" in parameters:
            return {"metadata": parameters["metadata"]}
        kept = instance.metadata | labels.clean_metadata(parameters.get("more", {}))
        return {"metadata": {key: kept[key] for key in kept.keys() - set(parameters.get("without", ()))}}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        before = len(instance.metadata)
        super().prepare(context, instance, parameters)
        if len(instance.metadata) > before:
            labels.enforce_quota(instance.project_id, instance.user_id, instance.metadata)
        return {}


class SetTags(_Label):
    """Takes `tags`, which take the place of what there are; or `more` to add and `without` to take out."""

    verb = "set_tags"
    label = _("Set tags")
    order = 280

    def wanted(self, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if "tags" in parameters:
            return {"tags": parameters["tags"]}
        kept = {*instance.tags, *parameters.get("more", ())} - set(parameters.get("without", ()))
        return {"tags": sorted(kept)}


class SetAccess(_Label):
    """Takes `access_ipv4` and `access_ipv6`."""

    verb = "set_access"
    label = _("Set the access addresses")
    order = 290
    fields = ("access_ipv4", "access_ipv6")
