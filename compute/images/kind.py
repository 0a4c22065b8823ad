"""Images as the engine knows them."""

from compute.engine.kinds import Kind
from compute.images.models import Image

Status = Image.Status

IMAGE = Kind(
    noun="image",
    rank=5,
    model=Image,
    existing_states=frozenset({*Image.UNFINISHED, Status.ACTIVE, Status.DEACTIVATED}),
    deleted_states=frozenset({Status.DELETED}),
    error_state=Status.ERROR,
    status=lambda image: image.get_status_display(),
    lists=("images",),
)
