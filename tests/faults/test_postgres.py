"""The same on PostgreSQL, which is restarted under a launch."""

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.proof import examples
from tests.stack import Browserless, Stack, running, wait_for


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def stack(cluster: postgres.Cluster) -> Iterator[Stack]:
    with running(halting=True, DATABASE_URL=cluster.create("meridian")) as stack:
        yield stack


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Browserless:
    return stack.bootstrap()


@pytest.mark.parametrize("task", examples(["scheduling", "spawning"]))
def test_the_database_is_restarted_under_a_launch(
    stack: Stack, admin: Browserless, cluster: postgres.Cluster, task: str
) -> None:
    """The step is repeated and nothing is there twice; pages say 503, never 500, and are back at once."""
    name = f"restart-{task}"
    assert admin.launch(stack, name).status == 200
    wait_for(lambda: stack.instance(name)["task_state"] in {task, None}, f"{name} to be {task}", pause=0.005)
    cluster.restart()
    statuses = {admin.get("/instances/").status for _ in range(5)}
    assert statuses <= {200, 503}
    wait_for(lambda: admin.get("/instances/").status == 200, "pages to be back")
    uuid = stack.wait_for_state(name, "active", 90)["uuid"]
    assert len(stack.rows("select id from compute_port where instance_id = ?", uuid)) == 1
    for verb, state in (("force_stop", "stopped"), ("start", "active"), ("delete", "soft-delete")):
        assert admin.act(stack, name, verb).status == 200
        stack.wait_for_state(name, state)
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted")
