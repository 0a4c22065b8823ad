"""Make the administrator without a browser, and clouds.yaml in the data folder; safe to repeat."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import BadInput
from accounts.services import clouds_yaml, setup


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--admin", required=True, metavar="NAME", help="name of the administrator")
        parser.add_argument(
            "--password-file",
            required=True,
            metavar="FILE",
            help="file whose first line is the password; - reads it",
        )

    def handle(self, *, admin: str, password_file: str, **_options: Any) -> None:
        password = _first_line(password_file)
        try:
            user = setup.bootstrap(admin, password)
        except BadInput as error:
            reasons = " ".join(f"{field}: {text}" for field, text in error.fields.items())
            raise CommandError(f"The administrator was not made. {reasons}") from error
        path = settings.DATA_DIR / "clouds.yaml"
        clouds_yaml.write(path, user, password)
        self.stdout.write(f"{user.name} may administer {settings.PUBLIC_URL}; clients find it through {path}")


def _first_line(file: str) -> str:
    try:
        text = Path("/dev/stdin" if file == "-" else file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The password file {file} cannot be read: {error}") from error
    lines = text.splitlines()
    if not lines or not lines[0]:
        raise CommandError(f"The password file {file} is empty; its first line must be the password.")
    return lines[0]
