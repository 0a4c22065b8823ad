"""The fields of an image that clients set, checked and as the row's columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Forbidden
from accounts.models import Project
from accounts.names import KEY, clean_name, is_text
from accounts.services import inputs
from compute.images.models import Image
from compute.images.services import gate, properties

CONTAINERS = ("bare", "ovf", "ova", "docker", "ami", "ari", "aki", "compressed")
VISIBILITIES = ("public", "community", "shared", "private")
MOST_TAGS = 128
LONGEST_PROPERTY = 4_096
MOST_SIZE = 2**31 - 1
RESERVED = "os_glance"
"""What the names of properties begin with that Glance keeps for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an image: its column, its value once removed, and the check that returns the column's value."""

    column: str
    removed: Any
    clean: Callable[[str, Any], Any]
    removable: bool = False


def _name(field: str, value: Any) -> str:
    return "" if value in (None, "") else clean_name(value, field=field)


def _text(field: str, value: Any) -> str:
    return inputs.text({field: value}, field)


def _flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInput(fields={field: _("Say true or false.")})
    return value


def _size(field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SIZE:
        raise BadInput(fields={field: _("Give a whole number from 0 to %(most)s.") % {"most": MOST_SIZE}})
    return value


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def clean(field: str, value: Any) -> str:
        if value is None and "private" not in choices:
            return ""
        if value not in choices:
            raise BadInput(fields={field: _("Say one of %(choices)s.") % {"choices": ", ".join(choices)}})
        return str(value)

    return clean


def _disk_format(field: str, value: Any) -> str:
    if value == "ploop":  # one of Glance's
        sentence = _("QEMU reads no ploop images that others have made. Convert it to qcow2 or raw first.")
        raise BadInput(fields={field: sentence})
    return _one_of(*gate.FORMATS)(field, value)


def _project(field: str, value: Any) -> str:
    if not is_text(value) or not Project.objects.filter(pk=value).exists():
        raise BadInput(fields={field: _("There is no such project.")})
    return value


def _tags(field: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(is_text(tag) for tag in value):
        raise BadInput(fields={field: _("Give a list of tags of at most 255 characters.")})
    if len(tags := sorted(set(value))) > MOST_TAGS:
        raise BadInput(fields={field: _("Keep at most %(most)s tags.") % {"most": MOST_TAGS}})
    return tags


FIELDS = {
    "name": Field(column="name", removed="", clean=_name),
    "visibility": Field(column="visibility", removed="shared", clean=_one_of(*VISIBILITIES)),
    "disk_format": Field(column="disk_format", removed="", clean=_disk_format),
    "container_format": Field(column="container_format", removed="", clean=_one_of(*CONTAINERS)),
    "min_ram": Field(column="min_ram_mib", removed=0, clean=_size),
    "min_disk": Field(column="min_disk_gib", removed=0, clean=_size),
    "protected": Field(column="protected", removed=False, clean=_flag),
    "os_hidden": Field(column="hidden", removed=False, clean=_flag),
    "tags": Field(column="tags", removed=[], clean=_tags),
    "owner": Field(column="project_id", removed=None, clean=_project),
    # Glance counts these among an image's free properties.
    "description": Field(column="description", removed="", clean=_text, removable=True),
    "os_type": Field(column="os_type", removed="", clean=_text, removable=True),
    "os_admin_user": Field(column="default_user", removed="", clean=_text, removable=True),
}
FORMATS = ("disk_format", "container_format")
"""Fields that cannot change once the image has data."""

READ_ONLY = frozenset(
    {
        "status",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "self",
        "file",
        "schema",
        "direct_url",
        "locations",
        "stores",
        "deleted",
        "deleted_at",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The columns to write, and the free properties that the image then has."""

    columns: Mapping[str, Any]
    properties: dict[str, str]


def split(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields and the free properties of a new image. Raise Forbidden for what no client sets."""
    if wrong := sorted(READ_ONLY & data.keys()):
        raise Forbidden(_("%(field)s cannot be changed.") % {"field": wrong[0]})
    fields = {name: value for name, value in data.items() if name in FIELDS}
    return fields, {name: value for name, value in data.items() if name not in FIELDS}


def clean(
    context: Context,
    fields: Mapping[str, Any],
    free: Mapping[str, Any],
    image: Image | None = None,
) -> Wish:
    """Return what the fields and properties mean for a new image, or for `image`. Raise BadInput, Forbidden."""
    if "owner" in fields:
        policy.enforce(context, "image:change_owner")
    columns = {FIELDS[name].column: FIELDS[name].clean(name, value) for name, value in fields.items()}
    for name, most in (("os_type", 32), ("os_admin_user", 64)):
        if len(columns.get(FIELDS[name].column, "")) > most:
            raise BadInput(fields={name: _("Use at most %(longest)s characters.") % {"longest": most}})
    if image is not None and image.status != Image.Status.QUEUED:
        for name in FORMATS:
            if name in fields and columns[FIELDS[name].column] != getattr(image, FIELDS[name].column):
                raise Forbidden(_("%(field)s cannot change once the image has data.") % {"field": name})
    enforce_visibility(context, columns.get("visibility"))
    return Wish(columns=columns, properties=clean_properties(free))


def clean_properties(texts: Mapping[str, Any]) -> dict[str, str]:
    """Return free properties. Raise BadInput naming the wrong one, Forbidden for a name that Glance reserves."""
    for key, value in texts.items():
        if key.startswith(RESERVED):
            raise Forbidden(_("Names of properties cannot begin with %(prefix)s.") % {"prefix": RESERVED})
        if not KEY.has(key):
            raise BadInput(fields={str(key)[:64]: KEY.sentence})
        if value != "" and not is_text(value, LONGEST_PROPERTY):
            raise BadInput(
                fields={
                    key: _("Give text of at most %(longest)s characters.") % {"longest": LONGEST_PROPERTY}
                }
            )
    properties.enforce(texts)
    return dict(texts)


def enforce_visibility(context: Context, visibility: str | None) -> None:
    """Raise Forbidden unless the asker may make an image visible to all."""
    if visibility in {"public", "community"}:
        policy.enforce(context, f"image:make_{visibility}")
