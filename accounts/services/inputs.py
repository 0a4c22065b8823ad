"""Reads the fields of a request: loose in what is taken (as OpenStack is), strict in what comes out."""

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
FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
Row = TypeVar("Row", bound=Model)
Data = Mapping[str, object]


def name(data: Data, present: str | None = None, *, field: str = "name", longest: int = 255) -> str:
    """Return a name; a missing one leaves what is `present`. Raise BadInput for none, too long, or full of tricks."""
    if present is not None and field not in data:
        return present
    return clean_name(data.get(field), field=field, longest=longest)


def text(data: Data, field: str, present: str = "", *, longest: int = LONGEST_TEXT) -> str:
    """Free text; null empties it, a missing field leaves what is `present`."""
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
    """Return a yes or no: JSON's own, or the words and digits for them."""
    if field not in data:
        return present
    value = data[field]
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) and (flag_value := FLAGS.get(str(value)[:8].lower())) is not None:
        return flag_value
    raise BadInput(fields={field: _("Say true or false.")})


def identifier(data: Data, field: str) -> str | None:
    """Return an id, or None where none is given."""
    value = data.get(field)
    if value is None:
        return None
    if not is_text(value, 255):
        raise BadInput(fields={field: _("This is no id.")})
    return value


def moment(data: Data, field: str) -> datetime | None:
    """Return a time, in UTC where it names no zone; None where none is given."""
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
    """Return `present` changed by the fields that are not our `own`: short text, numbers, booleans."""
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
    """Return the row with this id. Raise NotFound, worded alike for what is not there and what is not theirs."""
    row = rows.filter(pk=key).first() if is_text(key, 255) else None
    return raise_not_found(noun, key) if row is None else row


def raise_not_found(noun: str, key: str) -> NoReturn:
    """Raise NotFound in Keystone's words."""
    raise NotFound(_("Could not find %(noun)s: %(key)s.") % {"noun": noun, "key": key[:64]})
