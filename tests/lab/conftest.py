"""One lab for all tests of the package, and the figures that they measure."""

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.browser.conftest import chromium, faults, island, new_context, page
from tests.clients.conftest import OpenStack, openstack_command
from tests.lab import figures
from tests.lab.lab import Host, Lab
from tests.stack import Browserless
from tests.warm import Command

__all__ = ["chromium", "faults", "island", "new_context", "openstack_command", "page"]


@pytest.fixture(scope="package")
def stack() -> Iterator[Lab]:
    with postgres.cluster() as cluster:
        lab = Lab(cluster)
        try:
            lab.start()
            yield lab
        finally:
            lab.remove()


@pytest.fixture(scope="package")
def lab(stack: Lab) -> Lab:
    """The same by its own name; fixtures of browser tests ask for a stack."""
    return stack


@pytest.fixture(scope="package")
def admin(stack: Lab) -> Browserless:
    return stack.bootstrap()


@pytest.fixture(scope="package")
def openstack(lab: Lab, admin: Browserless, openstack_command: Command) -> OpenStack:
    return OpenStack(openstack_command, lab.root / "data" / "clouds.yaml")


@pytest.fixture(scope="package")
def one(lab: Lab) -> Host:
    return lab.hosts[0]


@pytest.fixture(scope="package")
def two(lab: Lab) -> Host:
    return lab.hosts[1]


@pytest.fixture(autouse=True)
def clean_afterwards(lab: Lab) -> Iterator[None]:
    """Whatever a test did, rows and both hosts agree."""
    yield
    assert lab.audit() == "", lab.tail()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.measured:
        terminalreporter.section("figures")
        for line in figures.measured:
            terminalreporter.line(line)
