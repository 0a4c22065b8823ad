"""Machines that images ask for, on real guests: they start, keep what they remember, and leave nothing behind."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import libvirt
import pytest
from lxml import etree

from tests.life.subject import Subject
from tests.stack import Browserless, Stack, wait_for

TPM_STATES = Path("/var/lib/libvirt/swtpm")
Words = dict[str, str]
SHAPE = "from compute.models import Image; Image.objects.update(properties={})"


@pytest.fixture
def shaped(stack: Stack) -> Iterator[Callable[[Words], None]]:
    """Gives the tiny image properties for one test."""
    yield lambda properties: _shape(stack, properties)
    _shape(stack, {})


def _shape(stack: Stack, properties: Words) -> None:
    stack.manage("shell", "-c", SHAPE.format(json.dumps(properties)))
