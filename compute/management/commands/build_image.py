"""Make an image that instances can boot: the tiny one from this machine's packages, others by download."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import MeridianError
from compute.engine.services import transitions
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import catalog, image_files, images
from compute.instances.services import hardware_options
from compute.tiny.build import BuildError, TinyImage, build

TINY: dict[str, Any] = {
    "name": "Tiny Linux",
    "description": "A few megabytes of Linux made on this machine; boots in seconds.",
    "default_user": "meridian",
    "min_ram_mib": 96,
    "min_disk_gib": 1,
}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        keys = ["tiny", *(entry.key for entry in catalog.CATALOG)]
        parser.add_argument("image", choices=keys, help="which image")
        parser.add_argument("--again", action="store_true", help="replace the one that is there")
        parser.add_argument(
            "--property",
            action="append",
            default=[],
            dest="properties",
            metavar="NAME=VALUE",
            help="a property of the image, such as hw_firmware_type=uefi (docs/hardware.md); may be repeated",
        )

    def handle(
        self, *, image: str, again: bool, properties: list[str], verbosity: int, **_options: Any
    ) -> None:
        values = _parse_properties(properties)
        entry = None if image == "tiny" else catalog.find(image)
        name = entry.name if entry else TINY["name"]
        offered = Image.objects.filter(name=name, project=None, visibility="public")
        if not again and any(image_files.has_file(row) for row in offered):
            self._report(verbosity, f"{name} is there already.")
            return
        hosts.IMAGES.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        hosts.IMAGES.mkdir(mode=0o711, exist_ok=True)
        try:
            built = self._download(entry) if entry else self._build(again, verbosity)
            Image.objects.filter(pk=built.pk).update(properties=values)
        except (BuildError, MeridianError) as error:
            raise CommandError(str(error)) from error
        for old in offered.exclude(pk=built.pk):
            if not images.discard_unused(old.pk, "replaced"):
                transitions.change(old, visibility="private")
        self._report(verbosity, f"{name} is ready: {built.size / 2**20:.1f} MiB, {built.checksum}.")

    def _build(self, again: bool, verbosity: int) -> Image:
        """Build the tiny image, unless an earlier run ended right after building it, and return its row."""
        path = hosts.IMAGES / TinyImage.NAME
        if again or not path.exists():
            build(hosts.IMAGES, report=lambda sentence: self._report(verbosity, sentence))
        return image_files.adopt(path, **TINY)

    def _download(self, entry: catalog.CloudImage) -> Image:
        with TemporaryDirectory(dir=hosts.IMAGES) as folder:
            target = Path(folder) / "download"
            catalog.fetch(entry, target)
            return image_files.adopt(
                target,
                entry.name,
                default_user=entry.default_user,
                min_ram_mib=entry.min_ram_mib,
                min_disk_gib=entry.min_disk_gib,
            )

    def _report(self, verbosity: int, sentence: str) -> None:
        if verbosity:
            self.stdout.write(sentence)


def _parse_properties(arguments: list[str]) -> dict[str, str]:
    """Return the properties of arguments `name=value`. Raise CommandError."""
    properties = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not name or not equals:
            raise CommandError(f"{argument} is no NAME=VALUE.")
        if reason := hardware_options.property_error(name, value):
            raise CommandError(f"{argument}: {reason}")
        properties[name] = value
    return properties
