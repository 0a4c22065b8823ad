"""CSV that is safe in spreadsheets: no cell is a formula, whatever a name contains."""

import csv
import io
from collections.abc import Iterable

MARK = "\ufeff"
"""The byte-order mark at the start of a file, without which spreadsheets take UTF-8 for an older encoding."""
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def lines(rows: Iterable[Iterable[object]]) -> str:
    """Return the rows as CSV text, every line ended."""
    text = io.StringIO()
    csv.writer(text).writerows([[cell(value) for value in row] for row in rows])
    return text.getvalue()


def cell(value: object) -> str:
    """Return the value as text. An apostrophe before a formula keeps a spreadsheet from running it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
