"""`main` runs in a process with the installation's settings: it makes a full page of what the APIs list.

It writes the name of an administrator, who works in the project of most rows, which is named alike.
"""

import sys
import uuid

from django.db import transaction
from django.utils import timezone

from accounts.models import Assignment, Group, Project, Role, User
from compute.images.models import Image
from compute.instances.models import Flavor, Keypair, ServerGroup
from compute.volumes.models import Backup, VolumeSnapshot
from compute.volumes.states import BackupState, SnapshotState
from tests.bench import rows, volume_rows

COUNT = 1_000


def main() -> None:
    sys.stdout.write(fill())


@transaction.atomic
def fill() -> str:
    """Make the rows. Nothing lies behind them, so no network is among them: the host would make it."""
    user = rows.fill(COUNT)
    project = user.default_project
    assert project is not None
    Assignment.objects.create(user=user, project=project, role=Role.objects.get(name="admin"))
    people(project)
    compute(user, project)
    storage(user, project)
    return str(user.name)


def people(project: Project) -> None:
    domain, role = project.domain, Role.objects.get(name="member")
    users = User.objects.bulk_create(
        User(domain=domain, name=f"person-{number}", password="!") for number in range(COUNT)
    )
    Assignment.objects.bulk_create(Assignment(user=user, project=project, role=role) for user in users)
    Project.objects.bulk_create(Project(domain=domain, name=f"place-{number}") for number in range(COUNT))
    Group.objects.bulk_create(Group(domain=domain, name=f"group-{number}") for number in range(COUNT))


def compute(user: User, project: Project) -> None:
    Flavor.objects.bulk_create(
        Flavor(id=str(uuid.uuid4()), name=f"flavor-{number}", vcpus=1, ram_mib=128, disk_gib=1)
        for number in range(COUNT)
    )
    Keypair.objects.bulk_create(
        Keypair(user=user, name=f"key-{number}", public_key="ssh-ed25519 AAAA", fingerprint="00:11")
        for number in range(COUNT)
    )
    ServerGroup.objects.bulk_create(
        ServerGroup(project=project, user=user, name=f"apart-{number}", policy="anti-affinity")
        for number in range(COUNT)
    )


def storage(user: User, project: Project) -> None:
    Image.objects.bulk_create(
        Image(
            project=project, name=f"image-{number}", status=Image.Status.ACTIVE, size=1, visibility="private"
        )
        for number in range(COUNT)
    )
    volumes = volume_rows.volumes(user, project, COUNT)
    VolumeSnapshot.objects.bulk_create(
        VolumeSnapshot(volume=volume, project=project, size_gib=1, status=SnapshotState.AVAILABLE)
        for volume in volumes
    )
    Backup.objects.bulk_create(
        Backup(
            volume=volume,
            project=project,
            name=f"backup of {volume}",
            size_gib=1,
            status=BackupState.AVAILABLE,
            taken_at=timezone.now(),
        )
        for volume in volumes
    )
