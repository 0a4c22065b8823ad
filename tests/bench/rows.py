"""`main` runs in a process with the installation's settings: it fills projects with instances that have no guests.

It writes, as JSON, for each number of rows who sees them and how many queries their list takes, and one
instance more that says it is running, with the socket where its screen would be.
"""

import ipaddress
import json
import sys

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Assignment, Domain, Project, Role, User
from compute.hosts.models import Hypervisor
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors, guests
from compute.instances.states import VmState
from compute.networks.models import Network, Port
from tests.stack import PASSWORD

COUNTS = (10, 100, 1_000)
STOPPED = 10
"""In each project so many are off: one page of results that is the same whatever lies around it."""
ADDRESSES = iter(ipaddress.IPv4Network("100.64.0.0/16").hosts())
"""No network of their own: the watcher would make it on the host. These are nobody's, so nothing answers there."""


def main() -> None:
    people = [fill(count) for count in COUNTS]
    nobody = fill(0)
    # In a project of its own: it alone has a host, which a list reads by one query more. Rescued, since the watcher would
    # notice that one merely active has no guest.
    alone = Project.objects.create(domain=nobody.domain, name="bench-screen")
    screen = _instance(alone, "bench-screen", VmState.RESCUED)
    screen.hypervisor = Hypervisor.objects.get()
    screen.save()
    sys.stdout.write(
        json.dumps(
            {
                "lists": [
                    {"rows": count, "user": user.name, "queries": queries(user)}
                    for count, user in zip(COUNTS, people, strict=True)
                ],
                "empty": nobody.name,
                "screen": {"uuid": str(screen.pk), "socket": str(guests.vnc_socket(screen))},
            }
        )
    )


@transaction.atomic
def fill(count: int) -> User:
    """A project with so many instances, each with a port, and a member of it."""
    domain = Domain.objects.get(pk=Domain.DEFAULT_ID)
    project = Project.objects.create(domain=domain, name=f"bench-{count}")
    user = User.objects.create_user(f"bench-{count}", PASSWORD, domain=domain, default_project=project)
    Assignment.objects.create(user=user, project=project, role=Role.objects.get(name="member"))
    instances = [
        _instance(project, f"web-{number}", VmState.STOPPED if number < STOPPED else VmState.ACTIVE)
        for number in range(count)
    ]
    Instance.objects.bulk_create(instances)
    network = Network.objects.get(project=None)
    ports = [
        Port(project=project, network=network, instance=instance, address=str(address), mac=_mac(address))
        for instance, address in zip(instances, ADDRESSES, strict=False)
    ]
    Port.objects.bulk_create(ports)
    return user


def _mac(address: ipaddress.IPv4Address) -> str:
    """One for each address: of random ones some would be equal."""
    return "52:54:" + address.packed.hex(":")


def _instance(project: Project | None, name: str, state: VmState) -> Instance:
    flavor, image = Flavor.objects.order_by("pk").first(), Image.objects.first()
    assert project is not None
    assert flavor is not None
    return Instance(
        project=project,
        name=name,
        **flavors.copied_fields(flavor),
        image=image,
        vm_state=state,
        launched_at=timezone.now(),
    )


def queries(user: User) -> int:
    """How many queries the first page takes, once everything is warm."""
    client = Client(SERVER_NAME=settings.PUBLIC_HOST)
    client.force_login(user, "accounts.authentication.PasswordBackend")
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get("/instances/")
        assert answer.status_code == 200, answer.status_code
    return len(asked)
