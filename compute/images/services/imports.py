"""Imports: the methods by which images get their data in the background, as in Glance's interoperable image import."""

from collections.abc import Mapping
from datetime import timedelta
from string import hexdigits
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from compute.driver.errors import translated
from compute.engine.actions.begin import begin
from compute.engine.models import Operation
from compute.engine.models.operation import OperationQuerySet
from compute.engine.operations import Run, Wait
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import catalog, image_files, image_quota, images, web_download
from compute.images.services.bodies import Hashed, read_head

DIRECT, WEB = "glance-direct", "web-download"
METHODS = (DIRECT, WEB)
UPLOAD = "upload"
"""The method of `resumable`, which the API does not have."""
KIND = "image.import"
FETCH = "fetch"
"""The name of the step that fetches."""

ALGORITHMS = {64: "sha256", 128: "sha512"}
"""{length in hexadecimal digits: algorithm} of the digests that people may give."""
MOST_LISTING_BYTES = 1 << 20
LOOK_AGAIN = timedelta(seconds=10)
GONE = gettext_lazy("The data that were to be imported are gone. Send them again.")

Status = Image.Status


def store_id() -> str:
    """Return the name of the one store."""
    return image_files.image_store().kind


def import_data(context: Context, image_id: object, request: Mapping[str, Any]) -> Operation | None:
    """Begin an import of what was staged, or from the web. `request` is that of the Image API.

    Raise NotFound, Forbidden, BadInput, Conflict if the image is in no state for the method or the store is unknown.
    """
    image = images.get_visible(context, image_id)
    images.enforce_own(context, image, "import")
    method = request["method"]
    if method["name"] not in METHODS:
        choices = ", ".join(METHODS)
        raise BadInput(fields={"method": _("Say one of %(choices)s.") % {"choices": choices}})
    if request.get("all_stores") and request.get("stores"):
        raise BadInput(fields={"stores": _("Give either stores or all_stores.")})
    if unknown := sorted(set(request.get("stores") or ()) - {store_id()}):
        raise Conflict(_("There is no store %(name)s.") % {"name": unknown[0][:64]})
    if not image.disk_format or not image.container_format:
        raise BadInput(_("Set disk_format and container_format before the data are sent."))
    parameters: dict[str, Any] = {"method": method["name"]}
    if method["name"] == WEB:
        parameters["uri"] = web_download.enforce_url(method.get("uri"))
    parameters["request"] = {
        name: request[name] for name in ("stores", "all_stores", "all_stores_must_succeed") if name in request
    }
    return begin(context, KIND, image.pk, parameters=parameters)


@transaction.atomic
def import_new(
    context: Context, data: Mapping[str, Any], url: str, *, checksum: str = "", entry: str = ""
) -> Image:
    """Make an image of the fields that `images.create` takes, and import its data from the web.

    Formats that are not among them are told from the data, which must have the SHA-256 or SHA-512 `checksum` if one is
    given, or that of the catalog's `entry`. Raise Forbidden, BadInput, OverQuota.
    """
    uri = web_download.enforce_url(url)
    if checksum and (len(checksum) not in ALGORITHMS or set(checksum.lower()) - set(hexdigits)):
        raise BadInput(
            fields={"checksum": _("Give the 64 or 128 hexadecimal digits of a SHA-256 or SHA-512.")}
        )
    if entry:
        catalog.find(entry)
    image = images.create(context, data, None)
    parameters = {"method": WEB, "uri": uri, "checksum": checksum.lower(), "entry": entry}
    begin(context, KIND, image.pk, parameters=parameters)
    return image


def of_image(context: Context, image_id: object) -> list[Operation]:
    """Return the imports of an image, newest first: its owner's to see. Raise NotFound, Forbidden."""
    image = images.get_visible(context, image_id)
    if not images.may_change(context, image):
        return []
    return list(unscoped_imports().filter(subject_id=image.pk))


def unscoped_imports() -> OperationQuerySet:
    """Return all imports, newest first."""
    return Operation.objects.filter(kind=KIND)


def fetch(run: Run, url: str) -> None:
    """Fetch the data of a run's image from the web, in place of what an earlier attempt has fetched. Raise Wait."""
    _wait_for_turn(run.operation)
    image = run.subject
    image_files.remove_file(image.pk)
    most = image_quota.bytes_left(image)
    expected = _expected_digest(run.operation.parameters)
    with web_download.fetching(url) as download:
        image_quota.enforce_bytes(download.size or 0, most)
        body = Hashed(download.body, expected[0]) if expected else download.body

        def watch(size: int) -> None:
            image_quota.enforce_bytes(size, most)
            run.progress(size, max(size + 1, download.size or 0))

        token = f"{run.operation.pk.hex}-{run.operation.fence}"
        with translated(f"Storing {image.name}"):
            received = image_files.write_part(image, token, body, watch)
    if expected and isinstance(body, Hashed) and body.hexdigest() != expected[1]:
        image_files.remove_file(image.pk)
        raise BadInput(
            _("The data are not what they should be: their %(algorithm)s is %(digest)s.")
            % {"algorithm": expected[0].upper(), "digest": body.hexdigest()}
        )
    run.check()
    transitions.change(image, staged=received.as_staged())


def _expected_digest(parameters: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the algorithm and the digest that the data must have; None if nobody has said one. Raise Unavailable."""
    if checksum := parameters.get("checksum"):
        return ALGORITHMS[len(checksum)], checksum
    if not (key := parameters.get("entry")):
        return None
    entry = catalog.find(key)
    with web_download.fetching(entry.checksums_url) as listing:
        text = read_head(listing.body, MOST_LISTING_BYTES).decode(errors="replace")
    return entry.digest, catalog.digest_in(entry, text)


def _wait_for_turn(operation: Operation) -> None:
    """Raise Wait while earlier imports have half of a worker's places, since the other half is for all else."""
    now = timezone.now()
    earlier = unscoped_imports().open().filter(step=FETCH, lease_until__gt=now)
    if earlier.filter(created_at__lt=operation.created_at).count() >= max(1, settings.WORKERS // 2):
        raise Wait(until=now + LOOK_AGAIN)


@transaction.atomic
def store(run: Run) -> None:
    """Make the data that wait the image's file. Stored is success. Raise BadInput if they are refused, OverQuota."""
    image = run.subject
    if image.staged is None:
        return
    received = _received(run)
    if image.project is not None:
        image_quota.reserve(image.project, image.user, size=received.size - image.size)
    locked = Image.objects.select_for_update().get(pk=image.pk)
    run.check()
    # First the file, then the row: a row promises its file, a file alone is only waste.
    try:
        image_files.finish_part(locked, received)
    except FileNotFoundError as error:
        raise Conflict(GONE) from error
    transitions.change(locked, staged=None, **received.fields)


def _received(run: Run) -> image_files.Received:
    """Return what waits to be stored. Let it in first if it came in pieces. Raise BadInput if it is refused, TooLarge."""
    image = run.subject
    staged = image.staged
    if "length" not in staged:
        return image_files.received_of(staged)
    most = image.size + image_quota.bytes_left(image)

    def watch(size: int) -> None:
        image_quota.enforce_bytes(size, most)
        run.progress(size, max(size + 1, staged["length"]))

    with translated(f"Storing {image.name}"):
        try:
            received = image_files.receive_pieces(image, staged["part"], staged["length"], watch)
        except FileNotFoundError as error:
            raise Conflict(GONE) from error
    run.check()
    transitions.change(image, staged=received.as_staged())
    return received


def forget(run: Run) -> None:
    """Remove what came of an import that failed, and what it waited for."""
    image = run.subject
    image_files.remove_file(image.pk)
    transitions.change(image, staged=None, size=0, virtual_size=0, checksum="")
