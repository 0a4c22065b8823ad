"""The project's settings with a password hash that takes next to nothing, so that all the rest can be measured."""

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
