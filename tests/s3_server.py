"""An S3 service of our own on a port of the loopback, which keeps its bucket in a folder."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.ports import free_port
from tests.waiting import wait_until

BUCKET, KEY, SECRET = "images", "the-access-key", "secret-of-the-bucket"
PROGRAM = Path(sys.executable).with_name("rclone")
"""`deploy/install dev` brings it among the Python packages."""


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running service with one empty bucket."""

    url: str
    process: subprocess.Popen[bytes]

    def bucket(self) -> Any:
        """The bucket, past our own code."""
        service = boto3.resource(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        return service.Bucket(BUCKET)

    def is_empty(self) -> bool:
        """Whether neither objects nor unfinished uploads are left."""
        bucket = self.bucket()
        try:
            uploads = list(bucket.multipart_uploads.all())
        except ClientError as error:  # it says so if there are none
            assert error.response["Error"]["Code"] == "NoSuchUpload"  # noqa: PT017
            uploads = []
        return not uploads and not list(bucket.objects.all())

    def settings(self, secret_file: Path) -> dict[str, str]:
        """The environment of a Meridian that keeps its image files here."""
        secret_file.write_text(SECRET)
        return {
            "MERIDIAN_IMAGES_BUCKET": BUCKET,
            "MERIDIAN_IMAGES_BUCKET_URL": self.url,
            "MERIDIAN_IMAGES_BUCKET_KEY": KEY,
            "MERIDIAN_IMAGES_BUCKET_SECRET_FILE": str(secret_file),
        }


@contextmanager
def running(folder: Path) -> Iterator[S3Server]:
    """Run one that answers, until the end."""
    (folder / BUCKET).mkdir()
    address = f"127.0.0.1:{free_port()}"
    options = ["--config", "", "--addr", address, "--auth-key", f"{KEY},{SECRET}", "--quiet"]
    process = subprocess.Popen([PROGRAM, "serve", "s3", *options, folder])
    server = S3Server(f"http://{address}", process)
    try:
        wait_until(lambda: _answers(server), "the S3 service to answer")
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _answers(server: S3Server) -> bool:
    assert server.process.poll() is None, "rclone ended at once; see its message above"
    try:
        return server.is_empty()
    except BotoCoreError:
        return False
