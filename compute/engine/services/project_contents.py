"""Registers the open operations of projects with accounts; the history of others goes with the project."""

from django.utils.translation import gettext_lazy as _

from accounts.services import project_contents
from accounts.services.project_contents import Content
from compute.engine.models import Operation


def register() -> None:
    """Tell accounts; called once at start."""
    project_contents.register("operations", Content(label=_("Operations"), names=_open, forget=_forget))


def _open(project_id: str) -> list[str]:
    rows = Operation.objects.open().filter(project=project_id).order_by("subject_name")
    return list(rows.values_list("subject_name", flat=True))


def _forget(project_id: str) -> None:
    """Closed operations; the audit log keeps its own lines."""
    Operation.objects.filter(project=project_id).exclude(state__in=Operation.OPEN).delete()
