"""The password hash of the tests: the same algorithm as in real life, at the least cost."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8  # KiB
    parallelism = 1
