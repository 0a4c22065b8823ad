"""The Chromium that tests and measurements drive."""

import shutil

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first draws the same pictures in two thirds of the processor's time; Ubuntu has only the last."""


def program() -> str:
    """Where it is installed."""
    path = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert path, "Chromium is not installed: `deploy/install dev` brings it"
    return path
