"""Actions on instances, one file each, which `compute.apps` discovers."""

from compute.engine.actions.base import Action
from compute.engine.actions.begin import begin
from compute.engine.actions.permitted import Choice, choices

__all__ = ["Action", "Choice", "begin", "choices"]
