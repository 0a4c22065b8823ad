"""Rename: set the name at once. The guest keeps the host name with which it booted."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.names import clean_name
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance


class Rename(InstanceAction):
    verb = "rename"
    label = _("Rename")
    done = _("Renamed to %(name)s")
    icon = "pencil"
    order = 220
    bulk = False
    in_place = True
    fields = ("name",)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        name = clean_name(parameters.get("name"))
        before = instance.name
        transitions.change(instance, name=name)
        return {"from": before, "to": name}
