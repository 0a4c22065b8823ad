"""Describe: set the description of an instance, at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.services import inputs
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance


class Describe(InstanceAction):
    verb = "describe"
    label = _("Describe")
    done = _("Changed the description of %(name)s")
    icon = "notes"
    order = 230
    bulk = False
    in_place = True
    fields = ("description",)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        transitions.change(instance, description=inputs.text(parameters, "description", longest=255))
        return {}
