"""The environment's settings of where the files of images and backups lie."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal import env

CONNECT_SECONDS, SILENT_SECONDS = 5, 60


def storage(files: str, folder: Path) -> dict[str, Any]:
    """Return Django's settings of a storage of `files`, IMAGES or BACKUPS: in a bucket, else in the folder.

    Raise ImproperlyConfigured.
    """
    prefix = f"MERIDIAN_{files}_BUCKET"
    bucket = env.read(prefix)
    if not bucket:
        return {"BACKEND": "compute.store.local.LocalStore", "OPTIONS": {"location": folder}}
    options = {
        "bucket_name": bucket,
        "endpoint_url": _endpoint(f"{prefix}_URL"),
        "region_name": env.read(f"{prefix}_REGION"),
        "client_config": _client_config("path" if env.read(f"{prefix}_URL") else "auto"),
        **_credentials(f"{prefix}_KEY", f"{prefix}_SECRET_FILE"),
    }
    return {"BACKEND": "compute.store.s3.S3Store", "OPTIONS": options}


def _endpoint(name: str) -> str | None:
    url = env.read(name).rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ImproperlyConfigured(f"{name}={url!r} must look like https://s3.example.org")
    return url or None


def _credentials(key_name: str, secret_name: str) -> dict[str, str]:
    """Return the key and its secret; none to leave them to the environment as the AWS tools read it."""
    key, secret = env.read(key_name), env.content(secret_name)
    if bool(key) != bool(secret):
        raise ImproperlyConfigured(f"Set {key_name} and {secret_name} together.")
    return {"access_key": key, "secret_key": secret} if key else {}


def _client_config(addressing_style: str) -> Any:
    """Return how to call the service. Servers other than Amazon's know addresses by path, and few of its checksums."""
    from botocore.config import Config

    return Config(
        s3={"addressing_style": addressing_style},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
