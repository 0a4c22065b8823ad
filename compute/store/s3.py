"""Files in a bucket of an S3 service."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.translation import gettext as _
from storages.backends.s3 import S3Storage

from accounts.errors import Unavailable
from compute.driver.files import CHUNK, Data, Progress
from compute.store.base import Part

log = structlog.get_logger(__name__)

PART_BYTES = 16 * 2**20
GROWS_AFTER = 1000
"""Uploads have at most 10,000 parts. After each thousand they get larger by their first size: 880 GB in all."""

MISSING = {"NoSuchKey", "NoSuchUpload", "404"}


class S3Store(S3Storage):
    """Objects named by ids. A part is an upload in several parts that is not completed yet."""

    kind = "s3"
    most_pieces = 10_000

    def names(self) -> set[str]:
        with _translated():
            return {summary.key for summary in self._bucket_here().objects.all()}

    def exists(self, name: str) -> bool:
        try:
            with _translated():
                self._object(name).load()
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Remove an object and abort its uploads. A missing one is a success."""
        with suppress(FileNotFoundError), _translated():  # some services say so if there are no uploads
            for upload in self._bucket_here().multipart_uploads.filter(Prefix=name):
                if upload.object_key == name:
                    upload.Object().MultipartUpload(upload.id).abort()
        with _translated():
            self._object(name).delete()

    def new_part(self, name: str, token: str) -> Part:
        """Begin an upload. The service chooses the token that finds it again."""
        with _translated():
            return S3Part(self._object(name).initiate_multipart_upload())

    def part(self, name: str, token: str) -> Part:
        return S3Part(self._object(name).MultipartUpload(token))

    def read_from(self, name: str, first: int, last: int) -> Data:
        with _translated():
            answer = self._object(name).get(**({"Range": f"bytes={first}-{last}"} if last >= first else {}))
        return S3Data(answer["Body"])

    def path_of(self, name: str) -> Path | None:
        return None

    def adopt(self, path: Path, name: str, progress: Progress) -> None:
        """Upload a file, and leave it to the caller."""
        part, total, done = self.new_part(name, ""), path.stat().st_size, 0
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    part.write(chunk)
                    done += len(chunk)
                    progress(done, total)
            part.close()
            part.finish()
        except BaseException:
            part.discard()
            raise

    def _bucket_here(self) -> Any:
        """Return the bucket by this thread's connection, since connections cannot be shared."""
        return self.connection.Bucket(self.bucket_name)

    def _object(self, name: str) -> Any:
        return self.connection.Object(self.bucket_name, name)


class S3Data:
    """An object's data as they come."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end. Raise Unavailable if the service stops sending."""
        with _translated():
            data: bytes = self._body.read(size)
        return data

    def close(self) -> None:
        self._body.close()


class S3Part:
    """An upload in parts. At most one part is in memory."""

    def __init__(self, upload: Any) -> None:
        self.token = str(upload.id)
        self._upload = upload
        self._buffer = bytearray()
        self._sent = 0

    def write(self, data: bytes, /) -> None:
        self._buffer += data
        if len(self._buffer) >= PART_BYTES * (1 + self._sent // GROWS_AFTER):
            self._send()

    def write_piece(self, number: int, data: bytes, /) -> None:
        with _translated():
            self._upload.Part(number + 1).upload(Body=data)

    def close(self) -> None:
        if self._buffer or not self._sent:
            self._send()

    def finish(self) -> None:
        """Complete the upload from what the service says that it has."""
        with _translated():
            try:
                parts = [
                    {"PartNumber": part.part_number, "ETag": part.e_tag} for part in self._upload.parts.all()
                ]
                self._upload.complete(MultipartUpload={"Parts": parts})
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchUpload":
                    raise
                self._upload.Object().load()  # an earlier attempt has completed it

    def discard(self) -> None:
        self._buffer.clear()
        try:
            with _translated():
                self._upload.abort()
        except FileNotFoundError:
            return

    def _send(self) -> None:
        with _translated():
            self._upload.Part(self._sent + 1).upload(Body=bytes(self._buffer))
        self._sent += 1
        self._buffer.clear()


@contextmanager
def _translated() -> Iterator[None]:
    """Translate the service's errors. Raise FileNotFoundError, Unavailable."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            raise FileNotFoundError(str(error)) from error
        log.warning("the file store refused", error=str(error))
        raise _Away from error
    except BotoCoreError as error:
        log.warning("the file store does not answer", error=str(error))
        raise _Away from error


class _Away(Unavailable):
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("The store of files does not answer. The log says why."))
