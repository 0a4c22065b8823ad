"""The project's settings with a password hash that takes next to nothing, where it is no subject."""

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
