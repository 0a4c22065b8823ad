"""The project's settings, and one streamed address more."""

from portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.faults.streams.urls"
STREAMED_PATHS = [*STREAMED_PATHS, r"/test/upload"]  # noqa: F405
