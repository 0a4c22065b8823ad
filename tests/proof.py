"""What is too long for each run: `make proof` runs it, `make test` an example of its kind."""

from collections.abc import Iterable
from typing import Any

import pytest


def examples(values: Iterable[Any], *each_run: Any, unpack: bool = False) -> list[Any]:
    """Return parameters of which only `each_run` are part of every run; `unpack` where each is several arguments.

    Raise ValueError for an example that is none of the values.
    """
    values = list(values)
    if unknown := [value for value in each_run if value not in values]:
        raise ValueError(f"{unknown} are not among {values}")
    return [
        pytest.param(*(value if unpack else (value,)), marks=() if value in each_run else pytest.mark.proof)
        for value in values
    ]
