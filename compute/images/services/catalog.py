"""Well-known cloud images, for machines that reach the internet."""

import hashlib
import re
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.errors import BadInput, Unavailable

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudImage:
    """An image at its maker's addresses. `checksums_url` lists digests of the algorithm `digest` by file name."""

    key: str
    name: str
    url: str
    checksums_url: str
    digest: str
    default_user: str
    min_ram_mib: int
    min_disk_gib: int


CATALOG: tuple[CloudImage, ...] = (
    CloudImage(
        key="debian-12",
        name="Debian 12",
        url="https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2",
        checksums_url="https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS",
        digest="sha512",
        default_user="debian",
        min_ram_mib=512,
        min_disk_gib=3,
    ),
    CloudImage(
        key="debian-13",
        name="Debian 13",
        url="https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2",
        checksums_url="https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS",
        digest="sha512",
        default_user="debian",
        min_ram_mib=512,
        min_disk_gib=3,
    ),
    CloudImage(
        key="ubuntu-24.04",
        name="Ubuntu 24.04 LTS",
        url="https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img",
        checksums_url="https://cloud-images.ubuntu.com/noble/current/SHA256SUMS",
        digest="sha256",
        default_user="ubuntu",
        min_ram_mib=1024,
        min_disk_gib=4,
    ),
    CloudImage(
        key="alma-9",
        name="AlmaLinux 9",
        url="https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/"
        "AlmaLinux-9-GenericCloud-latest.x86_64.qcow2",
        checksums_url="https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM",
        digest="sha256",
        default_user="almalinux",
        min_ram_mib=1024,
        min_disk_gib=10,
    ),
)


def find(key: str) -> CloudImage:
    """Return the catalog's entry with this key. Raise BadInput listing the keys there are."""
    for entry in CATALOG:
        if entry.key == key:
            return entry
    keys = ", ".join(entry.key for entry in CATALOG)
    raise BadInput(
        _("There is no image %(key)s in the catalog; it has %(keys)s.") % {"key": key, "keys": keys}
    )


def fetch(entry: CloudImage, target: Path) -> None:
    """Download the image to `target` and compare its digest. Raise Unavailable and leave no file if that fails."""
    try:
        expected = digest_in(entry, _read(entry.checksums_url))
        with urllib.request.urlopen(entry.url, timeout=TIMEOUT_SECONDS) as answer, target.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file, 1024 * 1024)
        with target.open("rb") as file:
            actual = hashlib.file_digest(file, entry.digest).hexdigest()
    except (urllib.error.URLError, OSError) as error:
        target.unlink(missing_ok=True)
        raise Unavailable(
            _("Downloading %(name)s failed: %(reason)s. Does this machine reach the internet?")
            % {"name": entry.name, "reason": error}
        ) from error
    if actual != expected:
        target.unlink(missing_ok=True)
        raise Unavailable(
            _("%(name)s arrived damaged: its %(digest)s differs from the one at %(url)s. Try again.")
            % {"name": entry.name, "digest": entry.digest, "url": entry.checksums_url}
        )


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the catalog's own https
        return str(answer.read().decode())


def digest_in(entry: CloudImage, listing: str) -> str:
    """Return the image's digest from its maker's list, in either form: `HEX  NAME` or `SHA256 (NAME) = HEX`.

    Raise Unavailable.
    """
    file_name, digest = entry.url.rpartition("/")[2], entry.digest
    hexadecimal = rf"([0-9a-f]{{{hashlib.new(digest).digest_size * 2}}})"
    name = re.escape(file_name)
    match = re.search(rf"^{hexadecimal}\s+\*?{name}$|\({name}\)\s*=\s*{hexadecimal}$", listing, re.MULTILINE)
    if match is None:
        raise Unavailable(_("The list of digests does not name %(file)s.") % {"file": file_name})
    return match[1] or match[2]
