"""What tests of volumes' pages share."""

import json
from typing import Any

from compute.engine.models import Operation
from compute.volumes.models import Volume
from tests import factories

HTMX = {"HX-Request": "true"}


def text(answer: Any) -> str:
    """The answer's body with single spaces."""
    return " ".join(answer.content.decode().split())


def toast(answer: Any) -> str:
    """What the answer has the page say."""
    return str(json.loads(answer.headers["HX-Trigger"])["toast"]["text"])


def form(**fields: Any) -> dict[str, Any]:
    """What the page of creation sends."""
    return {"name": "data", "size": "2", "source": "empty"} | fields


def operation(volume: Volume, kind: str, **fields: Any) -> Operation:
    """An operation that holds the volume."""
    made: Operation = factories.OperationFactory(
        kind=kind,
        subject_type="volume",
        subject_id=volume.pk,
        subject_name=volume.name,
        project=volume.project,
        **fields,
    )
    return made
