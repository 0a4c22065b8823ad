"""Scripts that a page asks for at once: each import of an import would be another journey over the line."""

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings

IMPORTS = "imports.json"
"""The file beside the collected ones of {script: the further ones that it imports}, as `portal.bundles` writes it."""


def scripts(name: str) -> list[str]:
    """Return the script of this name and all that it imports."""
    return [name, *_read(Path(settings.STATIC_ROOT) / IMPORTS).get(name, ())]


@lru_cache(2)
def _read(file: Path) -> dict[str, list[str]]:
    try:
        imports: dict[str, list[str]] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}  # before the first start
    return imports
