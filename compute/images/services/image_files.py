"""Image files: let through the gate before anything opens them, then in the store under their row's id."""

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.driver.files import CHUNK, Data, Progress, Source, Stream
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools
from compute.images.models import Image
from compute.images.services.bodies import Body, Damaged, Rejoined, read_head
from compute.images.services.gate import Gate, Refused
from compute.images.services.ova import FirstDisk
from compute.images.services.unpacking import DECODERS, Unpacked
from compute.store import PIECE_BYTES, FileStore, file_store


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

HEAD_BYTES, TAR_MAGIC_AT = 512, 257
"""What tells a container from a disk, and where archives say that they are one."""

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
    part = image_store().new_part(str(image.pk), str(token))
    try:
        fields = _let_in(image, body, watch, part.write)
        part.close()
    except BaseException:
        part.discard()
        raise
    return Received(token=part.token, fields=fields)


def _let_in(
    image: Image, body: Body, watch: Callable[[int], None], write: Callable[[bytes], object]
) -> dict[str, Any]:
    """Pass data on to `write`, unpacked and inspected. Return the fields of the row. Raise Refused as the gate does.

    Formats that the image does not have are told from the data.
    """
    size, digest = 0, hashlib.sha256()
    name = image.name or str(image.pk)
    container = image.container_format
    if not container:
        head = read_head(body, HEAD_BYTES)
        container, body = container_of(head), Rejoined(head, body)
    gate, unpack = Gate(image.disk_format, name=name), CONTAINERS.get(container)
    if unpack is not None:
        body = unpack(body)
    try:
        while chunk := body.read(READ):
            size += len(chunk)
            watch(size)
            write(chunk)
            digest.update(chunk)
            gate.pass_on(chunk)
        inspection = gate.end()
    except Damaged as error:
        raise Refused(
            _("%(file)s cannot be unpacked: %(reason)s") % {"file": name, "reason": error}
        ) from error
    return {
        "disk_format": inspection.format,
        "container_format": "bare" if unpack is not None else container,
        "size": size,
        "virtual_size": inspection.virtual_size,
        "checksum": digest.hexdigest(),
    }


def enforce_pieces(length: int) -> None:
    """Raise BadInput if the store cannot take so many bytes in pieces."""
    most = image_store().most_pieces * PIECE_BYTES
    if length > most:
        raise BadInput(
            _("At most %(most)s bytes can be uploaded so. Send them to the API in one request.")
            % {"most": most}
        )


def begin_part(image: Image, token: str) -> str:
    """Begin to write data that come in pieces. Return the token that finds them again."""
    return image_store().new_part(str(image.pk), token).token


def write_piece(image: Image, token: str, number: int, data: bytes) -> None:
    """Write one piece of such data. Written again is success. Raise FileNotFoundError if they are gone."""
    image_store().part(str(image.pk), token).write_piece(number, data)


def receive_pieces(image: Image, token: str, length: int, watch: Callable[[int], None]) -> Received:
    """Let data in that came in pieces, unpacked by what they begin with. Raise as `write_part` does, FileNotFoundError.

    Those in no container are only read, since they are the file already.
    """
    store, name = image_store(), str(image.pk)
    store.part(name, token).finish()
    with closing(store.read_from(name, 0, length - 1)) as data:
        head = read_head(data, HEAD_BYTES)
        body = Rejoined(head, data)
        if container_of(head) in CONTAINERS:
            return write_part(image, f"{token}-unpacked", body, watch)
        return Received(token=token, fields=_let_in(image, body, watch, lambda _chunk: None))


def container_of(head: bytes) -> str:
    """Return Glance's name of the container that data are in which begin so."""
    if head.startswith(tuple(DECODERS)):
        return "compressed"
    return "ova" if head[TAR_MAGIC_AT:].startswith(b"ustar") else "bare"


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
