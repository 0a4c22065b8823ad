"""The storage pools of a host: added, closed, emptied and removed by administrators."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Project
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import added_pools, pools
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(blue: Project) -> Client:
    return signed_in(factories.administrator("root", blue))


def add(client: Client, host: Hypervisor, **fields: str) -> tuple[int, str]:
    answer = client.post(
        reverse("pool-new", args=[host.pk]), {"name": "fast", "folder": "/mnt/fast"} | fields
    )
    return answer.status_code, answer.content.decode()


def test_a_pool_is_added(root: Client, own_host: Hypervisor) -> None:
    """In a folder of its own; it takes no volume before its host has prepared it."""
    assert add(root, own_host)[0] == 302
    pool = Pool.objects.get(name="fast")
    assert pool.path.startswith("/mnt/fast/meridian-")
    assert (pool.state, list(pool.hosts.all())) == (Pool.State.PREPARING, [own_host])
    content = root.get(reverse("host", args=[own_host.pk])).content.decode()
    assert "Being prepared" in content
    assert pool.path in content


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Use 1 to 64 letters"),
        ({"name": "../x"}, "Use 1 to 64 letters"),
        ({"name": "ä"}, "Use 1 to 64 letters"),
        ({"name": "n" * 65}, "64"),
        ({"folder": ""}, "Give the whole path"),
        ({"folder": "mnt"}, "Give the whole path"),
        ({"folder": "/mnt/../etc"}, "Give the whole path"),
        ({"folder": "/mnt/\x07"}, "Give the whole path"),
        ({"folder": f"/{'f' * 1020}"}, "Give the whole path"),
        ({"name": "there"}, "has a pool of this name"),
        ({"folder": "/mnt/there"}, "lies there already"),
    ],
)
def test_what_is_no_pool(root: Client, own_host: Hypervisor, fields: dict[str, str], sentence: str) -> None:
    assert add(root, own_host, name="there", folder="/mnt/there/")[0] == 302
    before = Pool.objects.count()
    status, content = add(root, own_host, **fields)
    assert status == 400
    assert sentence in content
    assert Pool.objects.count() == before


def test_a_pool_that_cannot_be_prepared_says_why(root: Client, own_host: Hypervisor) -> None:
    add(root, own_host, folder="/nowhere/at/all")
    added_pools.prepare(own_host)
    pool = Pool.objects.get(name="fast")
    assert pool.state == Pool.State.FAILED
    content = root.get(reverse("host", args=[own_host.pk])).content.decode()
    assert "There is no folder /nowhere/at/all" in content


def test_a_pool_is_closed_and_removed(root: Client, own_host: Hypervisor) -> None:
    pool = factories.PoolFactory(name="fast", hosts=[own_host])
    volume = factories.VolumeFactory()
    volume.disk.pool = pool
    volume.disk.save()
    assert root.post(reverse("pool-enabled", args=[pool.pk]), {"enabled": "false"}).status_code == 302
    assert "Takes no new volumes" in root.get(reverse("host", args=[own_host.pk])).content.decode()
    assert root.post(reverse("pool-remove", args=[pool.pk])).status_code == 409
    assert Pool.objects.get(pk=pool.pk).state == Pool.State.READY
    volume.disk.pool = pools.ensure(own_host)
    volume.disk.save()
    assert root.post(reverse("pool-remove", args=[pool.pk])).status_code == 302
    assert Pool.objects.get(pk=pool.pk).state == Pool.State.LEAVING
    assert "Being removed" in root.get(reverse("host", args=[own_host.pk])).content.decode()


def test_the_own_pool_of_a_host_stays(root: Client, own_host: Hypervisor) -> None:
    own = pools.ensure(own_host)
    assert root.post(reverse("pool-remove", args=[own.pk])).status_code == 409
    content = root.get(reverse("host", args=[own_host.pk])).content.decode()
    assert reverse("pool-remove", args=[own.pk]) not in content
