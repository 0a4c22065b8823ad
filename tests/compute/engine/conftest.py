"""A plan of the test's own, which the engine knows for its time."""

from collections.abc import Iterator

import pytest

from compute.engine.operations.steps import plans
from tests.compute.engine.tiny_plan import KIND, TinyPlan


@pytest.fixture
def plan() -> Iterator[TinyPlan]:
    plans[KIND] = tiny = TinyPlan()
    yield tiny
    del plans[KIND]
