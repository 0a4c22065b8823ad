"""Operations as contents of projects: open ones prevent a project's deletion, ended ones are deleted with it."""

from django.utils.translation import gettext_lazy as _

from accounts.services import project_contents
from accounts.services.project_contents import Content
from compute.engine.models import Operation


def register() -> None:
    """Register operations with accounts. Call it once at start."""
    project_contents.register("operations", Content(label=_("Operations"), names=_open, forget=_forget))


def _open(project_id: str) -> list[str]:
    rows = Operation.objects.open().filter(project=project_id).order_by("subject_name")
    return list(rows.values_list("subject_name", flat=True))


def _forget(project_id: str) -> None:
    """Delete the project's ended operations. The audit log keeps its own events."""
    Operation.objects.filter(project=project_id).exclude(state__in=Operation.OPEN).delete()
