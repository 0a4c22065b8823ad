"""Templates as pages need them."""

import re

from django.template import Origin
from django.template.loaders import filesystem


class Loader(filesystem.Loader):
    """Templates without their indentation, which would be a fifth of a long list."""

    def get_contents(self, origin: Origin) -> str:
        return re.sub(r"\n\s+", "\n", super().get_contents(origin))
