"""One running installation for the tests of an instance's life."""

from collections.abc import Iterator

import pytest

from tests.stack import QUICK_HASHES, Browserless, Stack, running


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with running(halting=True, **QUICK_HASHES) as stack:
        yield stack


@pytest.fixture(scope="package")
def admin(stack: Stack) -> Browserless:
    return stack.bootstrap()


@pytest.fixture(autouse=True)
def clean_afterwards(stack: Stack) -> Iterator[None]:
    """Whatever a test did, rows and hosts agree."""
    yield
    assert stack.audit() == "", stack.tail()
