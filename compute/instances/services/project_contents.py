"""Instances as contents of projects, which prevent a project's deletion."""

from django.utils.translation import gettext_lazy as _

from accounts.services import project_contents
from accounts.services.project_contents import Content
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.states import VmState
from compute.volumes.states import SnapshotState


def register() -> None:
    """Register instances with accounts. Call it once at start."""
    project_contents.register("instances", Content(label=_("Instances"), names=_instances, forget=_forget))
    project_contents.register("recycle_bin", Content(label=_("In the recycle bin"), names=_binned))


def _instances(project_id: str) -> list[str]:
    rows = Instance.objects.present()
    return list(rows.filter(project=project_id).order_by("name").values_list("name", flat=True))


def _binned(project_id: str) -> list[str]:
    rows = Instance.objects.in_recycle_bin().filter(project=project_id)
    return list(rows.order_by("name").values_list("name", flat=True))


def _forget(project_id: str) -> None:
    """Delete the rows of the project's deleted instances, and those of their snapshots."""
    InstanceSnapshot.objects.filter(project=project_id, status=SnapshotState.DELETED).delete()
    Instance.objects.filter(project=project_id, vm_state=VmState.DELETED).delete()
