"""What a project owns keeps it; what was deleted, whatever it was, does not."""

import pytest

from accounts.context import Context
from accounts.errors import Conflict
from accounts.models import Project
from accounts.services import projects
from compute.engine import kinds
from tests import factories
from tests.compute.engine.test_permitted import MAKERS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("noun", kinds.registered())
def test_of_every_noun(as_root: Context, noun: str) -> None:
    project, kind = factories.ProjectFactory(), kinds.registered()[noun]
    row = MAKERS[noun](project=project)
    with pytest.raises(Conflict, match=r"not empty|still owns"):
        projects.delete(as_root, project.id)
    deleted = {kind.model.STATE: next(iter(kind.deleted_states)), "task_state": None}
    kind.model._default_manager.filter(pk=row.pk).update(**deleted)
    projects.delete(as_root, project.id)
    assert not Project.objects.filter(pk=project.pk).exists()
