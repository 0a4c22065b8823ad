"""`manage.py`, with Django set up for the environment that this process was given."""

import os

import django
from django.core.management import execute_from_command_line

from tests.warm.fork_server import serve

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    serve("manage.py", execute_from_command_line)
