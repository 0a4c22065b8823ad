"""Labels of instances' statuses and tasks, for pages. The API has OpenStack's own words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from compute.engine.actions import registry

STATUS: dict[str, str | Promise] = {
    "BUILD": gettext_lazy("Building"),
    "ACTIVE": gettext_lazy("Running"),
    "PAUSED": gettext_lazy("Paused"),
    "SUSPENDED": gettext_lazy("Suspended"),
    "RESCUE": gettext_lazy("In rescue"),
    "VERIFY_RESIZE": gettext_lazy("Resized: confirm or revert"),
    "SHELVED_OFFLOADED": gettext_lazy("Shelved"),
    "REBUILD": gettext_lazy("Rebuilding"),
    "RESIZE": gettext_lazy("Resizing"),
    "REVERT_RESIZE": gettext_lazy("Reverting the resize"),
    "SHUTOFF": gettext_lazy("Off"),
    "ERROR": gettext_lazy("Error"),
    "REBOOT": gettext_lazy("Restarting"),
    "HARD_REBOOT": gettext_lazy("Restarting by force"),
    "SOFT_DELETED": gettext_lazy("In the recycle bin"),
    "DELETED": gettext_lazy("Deleted"),
}
STEP_TASKS: dict[str, str | Promise] = {
    "block_device_mapping": gettext_lazy("Preparing the disk"),
    "networking": gettext_lazy("Connecting the network"),
    "spawning": gettext_lazy("Starting"),
    "image_uploading": gettext_lazy("Storing the image"),
}
"""Labels of the tasks that steps announce. Actions have those of their own tasks."""


def status(name: str) -> str:
    """Return the label of a status of `compute.instances.states.status`."""
    return str(STATUS.get(name, name))


def task(name: str) -> str:
    """Return the label of a task of an instance."""
    return registry.task_label("instance", name)
