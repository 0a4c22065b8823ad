"""The environment's settings of where image files lie."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal import env

CONNECT_SECONDS, SILENT_SECONDS = 5, 60


def storage() -> dict[str, Any]:
    """Return Django's settings of the storage of image files. Raise ImproperlyConfigured."""
    bucket = env.read("MERIDIAN_IMAGES_BUCKET")
    if not bucket:
        return {"BACKEND": "compute.images.store.local.LocalStore"}
    options = {
        "bucket_name": bucket,
        "endpoint_url": _endpoint(),
        "region_name": env.read("MERIDIAN_IMAGES_BUCKET_REGION"),
        "client_config": _client_config(),
        **_credentials(),
    }
    return {"BACKEND": "compute.images.store.s3.S3Store", "OPTIONS": options}


def _endpoint() -> str | None:
    url = env.read("MERIDIAN_IMAGES_BUCKET_URL").rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ImproperlyConfigured(
            f"MERIDIAN_IMAGES_BUCKET_URL={url!r} must look like https://s3.example.org"
        )
    return url or None


def _credentials() -> dict[str, str]:
    """Return the key and its secret; none to leave them to the environment as the AWS tools read it."""
    key, secret = env.read("MERIDIAN_IMAGES_BUCKET_KEY"), env.content("MERIDIAN_IMAGES_BUCKET_SECRET_FILE")
    if bool(key) != bool(secret):
        raise ImproperlyConfigured(
            "Set MERIDIAN_IMAGES_BUCKET_KEY and MERIDIAN_IMAGES_BUCKET_SECRET_FILE together."
        )
    return {"access_key": key, "secret_key": secret} if key else {}


def _client_config() -> Any:
    """Return how to call the service. Servers other than Amazon's know addresses by path, and few of its checksums."""
    from botocore.config import Config

    return Config(
        s3={"addressing_style": "path" if env.read("MERIDIAN_IMAGES_BUCKET_URL") else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
