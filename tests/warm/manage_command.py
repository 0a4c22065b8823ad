"""`manage.py`, with Django set up for the environment that this process was given."""

import io
import os

import django
from django.core.management import call_command, execute_from_command_line

from tests.warm.fork_server import serve

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("check", stdout=io.StringIO())  # every command begins with it: what it imports is then there
    serve("manage.py", execute_from_command_line)
