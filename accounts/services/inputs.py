"""Read the fields of a request, as leniently as OpenStack, into values of one type."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.errors import BadInput, NotFound
from accounts.names import clean_name, is_text

LONGEST_TEXT = 10_000
MOST_EXTRA = 20
FLAGS = dict.fromkeys(("1", "t", "true", "on", "y", "yes"), True) | dict.fromkeys(
    ("0", "f", "false", "off", "n", "no"), False
)
"""The words for booleans, in any case (oslo.utils, `strutils`)."""
Row = TypeVar("Row", bound=Model)
Data = Mapping[str, object]


def name(data: Data, present: str | None = None, *, field: str = "name", longest: int = 255) -> str:
    """Return a name, by default the `present` one. Raise BadInput if it is missing, too long or has odd characters."""
    if present is not None and field not in data:
        return present
    return clean_name(data.get(field), field=field, longest=longest)


def text(data: Data, field: str, present: str = "", *, longest: int = LONGEST_TEXT) -> str:
    """Return free text, by default the `present` one; null is empty. Raise BadInput."""
    if field not in data:
        return present
    value = data[field]
    if value is None or value == "":
        return ""
    if not is_text(value, longest):
        raise BadInput(
            fields={field: _("Give text of at most %(longest)s characters.") % {"longest": longest}}
        )
    return value


def flag(data: Data, field: str, present: bool) -> bool:
    """Return a boolean: JSON's own, or a word or digit for it. Raise BadInput."""
    if field not in data:
        return present
    value = data[field]
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) and (flag_value := FLAGS.get(str(value)[:8].lower())) is not None:
        return flag_value
    raise BadInput(fields={field: _("Say true or false.")})


def identifier(data: Data, field: str) -> str | None:
    """Return an id, or None. Raise BadInput."""
    value = data.get(field)
    if value is None:
        return None
    if not is_text(value, 255):
        raise BadInput(fields={field: _("This is no id.")})
    return value


def moment(data: Data, field: str) -> datetime | None:
    """Return a time, in UTC if it names no zone, or None. Raise BadInput."""
    value = data.get(field)
    if value is None:
        return None
    try:
        parsed = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise BadInput(fields={field: _("Give a time like 2030-01-31T12:00:00.")})
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def extra_fields(data: Data, reserved: Collection[str], present: dict[str, Any]) -> dict[str, Any]:
    """Return `present` updated by all fields but `reserved`: short text, numbers, booleans. Raise BadInput."""
    extra = present | {name: value for name, value in data.items() if name not in reserved}
    extra = {name: value for name, value in extra.items() if value is not None}
    if len(extra) > MOST_EXTRA:
        raise BadInput(_("Keep at most %(most)s further fields.") % {"most": MOST_EXTRA})
    for name, value in extra.items():
        if not is_text(name, 64) or not (
            isinstance(value, bool)
            or value == ""
            or is_text(value)
            or (isinstance(value, int) and abs(value) < 2**53)
        ):
            raise BadInput(
                fields={name[:64]: _("This field is unknown, and can be kept as short text only.")}
            )
    return extra


def get_or_404(rows: QuerySet[Row], key: str, noun: str) -> Row:
    """Return the row with this id. Raise NotFound in the same words for missing and for invisible rows."""
    row = rows.filter(pk=key).first() if is_text(key, 255) else None
    return raise_not_found(noun, key) if row is None else row


def raise_not_found(noun: str, key: str) -> NoReturn:
    """Raise NotFound in Keystone's words."""
    raise NotFound(_("Could not find %(noun)s: %(key)s.") % {"noun": noun, "key": key[:64]})
