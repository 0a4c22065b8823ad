"""Image files: let through the gate before anything opens them, then in the store under their row's id."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from compute.driver.files import CHUNK, Data, Progress, Source, Stream
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools
from compute.images.models import Image
from compute.images.services.bodies import Body, Damaged
from compute.images.services.gate import Gate, Refused
from compute.images.services.ova import FirstDisk
from compute.images.services.unpacking import Unpacked
from compute.store import FileStore, file_store


def image_store() -> FileStore:
    """Return the store of image files, which are named by the ids of images."""
    return file_store("images")


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _silent(_done: int, _total: int) -> None:
    """Take progress that nobody looks at."""


def measure(path: Path, progress: Progress = _silent, declared: str = "qcow2") -> dict[str, Any]:
    """Return the row's fields of a file; `progress(done, total)` counts bytes. Raise BadInput as the gate does."""
    gate, size, digest = Gate(declared, name=path.name), path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            gate.pass_on(chunk)
            digest.update(chunk)
            progress(file.tell(), size)
    inspection = gate.end()
    return {
        "disk_format": inspection.format,
        "size": size,
        "virtual_size": inspection.virtual_size,
        "checksum": digest.hexdigest(),
    }


def adopt(path: Path, name: str, **fields: Any) -> Image:
    """Move an image file of this machine among ours and make it launchable. Raise BadInput as the gate does."""
    image = Image(name=name, status=Image.Status.ACTIVE, **measure(path), **fields)
    # First the file, then the row: a row promises its file, a file alone is only waste.
    image_store().adopt(path, str(image.pk), _silent)
    image.save()
    path.unlink(missing_ok=True)
    return image


CONTAINERS: dict[str, Callable[[Body], Body]] = {"compressed": Unpacked, "ova": FirstDisk}
"""What takes the disk out of data in a container of this format."""

READ = 256 * 1024
"""Bytes to wait for at a time: few enough that slow data are seen to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What was written of an image's data, and let in by the gate. `token` finds the part.

    `fields` are those of the image's row: sizes in bytes, a SHA-256, and what the data are in once they are unpacked.
    """

    token: str
    fields: dict[str, Any]

    @property
    def size(self) -> int:
        return int(self.fields["size"])

    def as_staged(self) -> dict[str, Any]:
        """Return it as the image's row keeps it until it becomes the file."""
        return self.fields | {"part": self.token}


def received_of(staged: Mapping[str, Any]) -> Received:
    """Return what an image's row keeps. Raise Refused if it says why the data were not let in."""
    if reason := staged.get("refused"):
        raise Refused(reason)
    return Received(
        token=staged["part"], fields={name: value for name, value in staged.items() if name != "part"}
    )


def write_part(image: Image, token: object, body: Body, watch: Callable[[int], None]) -> Received:
    """Write data to a part of the image's file, unpacked, and return what they are. Raise Refused as the gate does.

    `watch` is called with the size so far before more is written; what it raises breaks off. A part is discarded then.
    """
    size, digest = 0, hashlib.sha256()
    name = image.name or str(image.pk)
    gate, unpack = Gate(image.disk_format, name=name), CONTAINERS.get(image.container_format)
    if unpack is not None:
        body = unpack(body)
    part = image_store().new_part(str(image.pk), str(token))
    try:
        while chunk := body.read(READ):
            size += len(chunk)
            watch(size)
            part.write(chunk)
            digest.update(chunk)
            gate.pass_on(chunk)
        inspection = gate.end()
        part.close()
    except Damaged as error:
        part.discard()
        raise Refused(
            _("%(file)s cannot be unpacked: %(reason)s") % {"file": name, "reason": error}
        ) from error
    except BaseException:
        part.discard()
        raise
    fields = {"size": size, "virtual_size": inspection.virtual_size, "checksum": digest.hexdigest()}
    return Received(token=part.token, fields=fields | ({"container_format": "bare"} if unpack else {}))


def finish_part(image: Image, received: Received) -> None:
    """Make what was written the image's file. Finished is success. Raise FileNotFoundError if it is gone."""
    image_store().part(str(image.pk), received.token).finish()


def draft_of(image: Image) -> Path:
    """Return the path at which a host writes the image's file. In a local store it is the file itself."""
    return Path(hosts.IMAGES / str(image.pk))


def store_draft(image: Image, progress: Progress) -> None:
    """Bring what a host has written into the store; `progress(done, total)` counts bytes if they are copied."""
    image_store().adopt(draft_of(image), str(image.pk), progress)


def remove_draft(image: Image) -> None:
    """Remove what a host has written, now that the store has it."""
    if image_store().path_of(str(image.pk)) is None:
        draft_of(image).unlink(missing_ok=True)


def has_file(image: Image) -> bool:
    """Return whether the store has the image's file."""
    return image_store().exists(str(image.pk))


def stored_ids() -> set[str]:
    """Return the ids of all images whose files are in the store, as text."""
    return {name for name in image_store().names() if _ID.fullmatch(name)}


def read_from(image: Image, first: int, last: int) -> Data:
    """Return the bytes `first` to `last` of the image's file. Raise FileNotFoundError."""
    return image_store().read_from(str(image.pk), first, last)


def source_of(image: Image) -> Source:
    """Return the image's file as pools take it: the path of a local one, else what fetches it."""
    name, size = str(image.pk), image.size
    if (path := image_store().path_of(name)) is not None:
        return path
    return Stream(open=lambda: image_store().read_from(name, 0, size - 1), size=size)


def remove_file(image_id: object) -> None:
    """Remove an image's file and any unfinished part. A missing file is a success."""
    image_store().delete(str(image_id))
    Path(hosts.IMAGES / str(image_id)).unlink(missing_ok=True)


def evict(hypervisor: Hypervisor) -> None:
    """Remove the copies of deleted images from the host's pool. Raise DriverError."""
    pool = pools.own(hypervisor)
    copies = {volume.name for volume in pool.list() if volume.name.startswith(Image.COPY)}
    images = Image.objects.exclude(status=Image.Status.DELETED)
    for name in sorted(copies - {image.volume_name for image in images}):
        pool.delete(name)
