"""What there is to see on the pages."""

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import verbs
from tests.browser.conftest import keep_if_failed, open_browser
from tests.browser.island import Island
from tests.stack import PASSWORD, Browserless, Stack, wait_for

PEOPLE = f"""
from datetime import timedelta
from accounts.models import Group
from django.utils import timezone
from tests import factories as make
quiet = make.ProjectFactory(name="quiet")
for name, role in (("mel", "member"), ("ruth", "reader"), ("lone", "")):
    user = make.UserFactory.build(name=name, domain=quiet.domain, default_project=quiet if role else None)
    user.set_password({PASSWORD!r})
    user.save()
    if role:
        make.AssignmentFactory(user=user, project=quiet, role__name=role)
        crew, _made = Group.objects.get_or_create(domain=quiet.domain, name="crew")
        crew.members.add(user)
make.AssignmentFactory(user=None, group=crew, project=quiet, role__name="manager")
from compute.models import Hypervisor, Instance, Schedule
fast = make.AggregateFactory(name="fast", availability_zone="nova", metadata={{"disk": "ssd"}})
fast.hosts.set(Hypervisor.objects.all())
steady = Instance.objects.get(name="steady")
halves = make.ServerGroupFactory(project=steady.project, name="database halves")
Instance.objects.filter(pk=steady.pk).update(server_group=halves)
Schedule.objects.create(
    project=steady.project, instance=steady, created_by=steady.user, verb="take_image", cron="0 0 29 2 *",
    next_run=timezone.now() + timedelta(days=365),
)
make.ServerGroupFactory(project=steady.project, name="close by", policy="soft-affinity")
from compute.volumes.models import QosSpecs
QosSpecs.objects.create(name="slow", consumer="front-end", specs={{"total_iops_sec": "500"}})
make.AssignmentFactory(user=None, group=crew, project=None, domain=quiet.domain, inherited=True, role__name="reader")
"""


FELT_ELSEWHERE = """
from accounts.models import Assignment
from compute.models import Schedule
Assignment.objects.filter(group__name="crew").delete()
Schedule.objects.all().delete()
"""
"""Whoever reads every project is a member of those that other tests make; a schedule shows on the instance's page."""


@pytest.fixture(scope="package", autouse=True)
def world(stack: Stack, admin: Browserless, steady: str) -> Iterator[None]:
    """Something in every list: a running instance, one that crashed, one in the recycle bin, a key, people."""
    stack.manage("shell", "-c", PEOPLE)
    admin.post("/keypairs/generate/", name="laptop")
    library = admin.post(
        "/volumes/create/", name="library", size="1", source="empty", description="All books"
    )
    _wait_for_volume(stack, "available")
    for name in ("binned", "crashed"):
        admin.launch(stack, name)
        uuid = stack.wait_for_state(name, "active", 120)["uuid"]
        if name == "binned":
            admin.act(stack, name, "delete")
            stack.wait_for_state(name, "soft-delete", 120)
        else:
            os.kill(verbs.qemu(uuid), signal.SIGKILL)
            stack.wait_for_state(name, "stopped", 120)
    yield
    stack.manage("shell", "-c", FELT_ELSEWHERE)
    admin.post(f"{library.url.removeprefix(stack.url)}actions/delete/")
    _wait_for_volume(stack, "deleted")
    for name in ("binned", "crashed"):
        admin.act(stack, name, "purge")
        stack.wait_for_state(name, "deleted", 120)


def _wait_for_volume(stack: Stack, status: str) -> None:
    query = "select status from compute_volume where name = 'library'"
    wait_for(lambda: stack.rows(query)[0]["status"] == status, f"the volume to be {status}")


@pytest.fixture(scope="package")
def admins_browser(
    chromium: Browser, island: Island, stack: Stack, admin: Browserless
) -> Iterator[BrowserContext]:
    """One for all pages, since a new one fetches and compiles everything anew."""
    island.open(stack.port)
    context = open_browser(chromium, stack, admin)
    yield context
    context.close()


@pytest.fixture
def page(admins_browser: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of the signed-in administrator."""
    page = admins_browser.new_page()
    yield page
    keep_if_failed(request, page)
    page.close()
