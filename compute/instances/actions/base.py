"""What all verbs on instances share."""

from typing import ClassVar

from compute.engine.actions.base import Action


class InstanceAction(Action):
    """A verb on an instance."""

    noun: ClassVar[str] = "instance"
