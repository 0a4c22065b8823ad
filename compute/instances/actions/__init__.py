"""Verbs on instances, one file each. `compute.apps` discovers them all."""

from compute.engine.actions.base import Action
from compute.engine.actions.begin import begin
from compute.engine.actions.permitted import Choice, choices

__all__ = ["Action", "Choice", "begin", "choices"]
