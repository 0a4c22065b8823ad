"""`main` runs in a process with the installation's settings: it fills projects with volumes that have no disks.

It writes, as JSON, who sees each number of rows.
"""

import json
import sys

from django.db import transaction

from accounts.models import Assignment, Domain, Project, Role, User
from compute.volumes.models import Volume
from compute.volumes.services import volume_types
from compute.volumes.states import VolumeState
from tests.stack import PASSWORD

COUNTS = (10, 10_000)
FAILED = 10
"""In each project so many are in error: one page of results that is the same whatever lies around it."""


def main() -> None:
    sys.stdout.write(json.dumps({str(count): fill(count) for count in COUNTS}))


@transaction.atomic
def fill(count: int) -> str:
    """A project with so many volumes; the name of a member of it."""
    domain = Domain.objects.get(pk=Domain.DEFAULT_ID)
    project = Project.objects.create(domain=domain, name=f"bench-volumes-{count}")
    user = User.objects.create_user(project.name, PASSWORD, domain=domain, default_project=project)
    Assignment.objects.create(user=user, project=project, role=Role.objects.get(name="member"))
    volumes(user, project, count, failed=FAILED)
    return str(user.name)


def volumes(user: User, project: Project, count: int, *, failed: int = 0) -> list[Volume]:
    """Make so many volumes without disks, the first `failed` of them in error."""
    kind = volume_types.default()
    return Volume.objects.bulk_create(
        Volume(
            project=project,
            user=user,
            name=f"data-{number}",
            size_gib=1,
            type=kind,
            status=VolumeState.ERROR if number < failed else VolumeState.AVAILABLE,
        )
        for number in range(count)
    )
