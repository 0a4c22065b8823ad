"""Properties of images: texts by name. Some say which hardware guests get, as the areas that read them know."""

from collections.abc import Callable, Mapping

from accounts.errors import BadInput

_checks: list[Callable[[str, str], str]] = []


def register(check: Callable[[str, str], str]) -> None:
    """Add a function that returns why a property cannot have a value; an empty text if it can, or is none it reads."""
    _checks.append(check)


def enforce(properties: Mapping[str, str]) -> None:
    """Raise BadInput, naming the property, for a value that nobody could use."""
    for key, value in properties.items():
        for check in _checks:
            if reason := check(key, value):
                raise BadInput(fields={"metadata": f"{key}: {reason}"})
