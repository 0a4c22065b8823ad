"""`manage.py`, with Django set up for the environment that this process was given."""

import os

import django
from django.core.management import execute_from_command_line
from django.core.management.base import BaseCommand
from django.urls import get_resolver

from tests.warm.fork_server import serve

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    get_resolver().url_patterns  # noqa: B018 - what most commands import is then there
    BaseCommand.requires_system_checks = []  # `up` has checked the same installation
    serve("manage.py", execute_from_command_line)
