"""What people read for states and tasks. The API keeps OpenStack's own words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

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
    "REVERT_RESIZE": gettext_lazy("Going back to the earlier size"),
    "SHUTOFF": gettext_lazy("Off"),
    "ERROR": gettext_lazy("Error"),
    "REBOOT": gettext_lazy("Restarting"),
    "HARD_REBOOT": gettext_lazy("Restarting by force"),
    "SOFT_DELETED": gettext_lazy("In the recycle bin"),
    "DELETED": gettext_lazy("Deleted"),
}
TASK: dict[str, str | Promise] = {
    "scheduling": gettext_lazy("Choosing a host"),
    "block_device_mapping": gettext_lazy("Preparing the disk"),
    "networking": gettext_lazy("Connecting the network"),
    "spawning": gettext_lazy("Starting"),
    "powering-on": gettext_lazy("Starting"),
    "powering-off": gettext_lazy("Shutting down"),
    "rebooting": gettext_lazy("Restarting"),
    "rebooting_hard": gettext_lazy("Restarting by force"),
    "pausing": gettext_lazy("Pausing"),
    "unpausing": gettext_lazy("Unpausing"),
    "suspending": gettext_lazy("Suspending"),
    "resuming": gettext_lazy("Resuming"),
    "rescuing": gettext_lazy("Preparing the rescue"),
    "unrescuing": gettext_lazy("Ending the rescue"),
    "rebuilding": gettext_lazy("Rebuilding"),
    "resize_migrating": gettext_lazy("Resizing"),
    "growing": gettext_lazy("Growing"),
    "resize_confirming": gettext_lazy("Confirming the new size"),
    "resize_reverting": gettext_lazy("Going back to the earlier size"),
    "shelving": gettext_lazy("Shelving"),
    "unshelving": gettext_lazy("Unshelving"),
    "soft-deleting": gettext_lazy("Deleting"),
    "deleting": gettext_lazy("Removing for good"),
    "restoring": gettext_lazy("Restoring"),
    "cloning": gettext_lazy("Cloning"),
    "image_snapshot": gettext_lazy("Taking an image"),
    "image_uploading": gettext_lazy("Storing the image"),
    "updating_password": gettext_lazy("Setting the password"),
}


def status(name: str) -> str:
    """The word for a status of `compute.instances.states.status`."""
    return str(STATUS.get(name, name))


def task(name: str) -> str:
    """The words for a task state."""
    return str(TASK.get(name, name))
