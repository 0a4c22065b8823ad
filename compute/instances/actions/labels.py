"""Metadata, tags, access addresses and host names, which API clients set at once; menus leave them out."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.services import metadata, transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance
from compute.instances.services import labels


class LabelAction(InstanceAction):
    icon = "tag"
    bulk = False

    def applies(self, instance: Instance) -> bool:
        return False

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        new_values = self.new_values(instance, parameters)
        transitions.change(
            instance, **{field: labels.CHECKS[field](value) for field, value in new_values.items()}
        )
        return {}

    def new_values(self, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return {column: new value}, unchecked. The row is locked, so that no concurrent change is lost."""
        return {field: parameters[field] for field in self.fields if field in parameters}


class SetMetadata(LabelAction):
    """Set the metadata. Takes `metadata` to replace all, or `more` to add and `without` with keys to remove."""

    verb = "set_metadata"
    label = _("Set metadata")
    order = 270

    def new_values(self, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"metadata": metadata.merge(instance.metadata, parameters)}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        before = len(instance.metadata)
        super().prepare(context, instance, parameters)
        if len(instance.metadata) > before:
            metadata.enforce_quota(instance.project_id, instance.user_id, instance.metadata)
        return {}


class SetTags(LabelAction):
    """Set the tags. Takes `tags` to replace all, or `more` to add and `without` to remove."""

    verb = "set_tags"
    label = _("Set tags")
    order = 280

    def new_values(self, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if "tags" in parameters:
            return {"tags": parameters["tags"]}
        tags = {*instance.tags, *parameters.get("more", ())} - set(parameters.get("without", ()))
        return {"tags": sorted(tags)}


class SetAccess(LabelAction):
    """Set the access addresses. Takes `access_ipv4` and `access_ipv6`."""

    verb = "set_access"
    label = _("Set the access addresses")
    order = 290
    fields = ("access_ipv4", "access_ipv6")


class SetHostname(LabelAction):
    """Set the host name. The guest has it once it is rebuilt: its config drive is written then."""

    verb = "set_hostname"
    label = _("Set the host name")
    order = 295
    fields = ("hostname",)
