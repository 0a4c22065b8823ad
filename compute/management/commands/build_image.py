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
            dest="words",
            metavar="NAME=VALUE",
            help="a property of the image, such as hw_firmware_type=uefi (docs/hardware.md); may be repeated",
        )

    def handle(self, *, image: str, again: bool, words: list[str], verbosity: int, **_options: Any) -> None:
        properties = _properties(words)
        entry = None if image == "tiny" else catalog.find(image)
        name = entry.name if entry else TINY["name"]
        offered = Image.objects.filter(name=name, project=None, visibility="public")
        if not again and any(image_files.file_of(row).exists() for row in offered):
            self._say(verbosity, f"{name} is there already.")
            return
        hosts.IMAGES.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        hosts.IMAGES.mkdir(mode=0o711, exist_ok=True)
        try:
            made = self._download(entry) if entry else self._make(again, verbosity)
            Image.objects.filter(pk=made.pk).update(properties=properties)
        except (BuildError, MeridianError) as error:
            raise CommandError(str(error)) from error
        for old in offered.exclude(pk=made.pk):
            if not images.discard_unused(old.pk, "replaced"):
                transitions.change(old, visibility="private")
        self._say(verbosity, f"{name} is ready: {made.size / 2**20:.1f} MiB, {made.checksum}.")

    def _make(self, again: bool, verbosity: int) -> Image:
        """What stands ready serves, since an earlier run may have ended right after building it."""
        ready = hosts.IMAGES / TinyImage.NAME
        if again or not ready.exists():
            build(hosts.IMAGES, report=lambda sentence: self._say(verbosity, sentence))
        return image_files.adopt(ready, **TINY)

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

    def _say(self, verbosity: int, sentence: str) -> None:
        if verbosity:
            self.stdout.write(sentence)


def _properties(words: list[str]) -> dict[str, str]:
    """Each `name=value`. Raise CommandError for what no image can say."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise CommandError(f"{word} is no NAME=VALUE.")
        if reason := hardware_options.property_error(name, value):
            raise CommandError(f"{word}: {reason}")
        found[name] = value
    return found
