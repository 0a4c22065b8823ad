"""The base class of the actions on instances."""

from typing import ClassVar

from compute.engine.actions.base import Action


class InstanceAction(Action):
    noun: ClassVar[str] = "instance"
