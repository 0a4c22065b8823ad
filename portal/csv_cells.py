"""CSV that spreadsheets may open: no cell is a formula, whatever was written into a name."""

import csv
import io
from collections.abc import Iterable

FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def lines(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV text, every line ended."""
    text = io.StringIO()
    csv.writer(text).writerows([[cell(value) for value in row] for row in rows])
    return text.getvalue()


def cell(value: object) -> str:
    """The value as text; an apostrophe before it keeps a spreadsheet from running it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
