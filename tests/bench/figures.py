"""What a measurement says, and the table that it stands in."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SLACK = 1.5
"""A machine shared with others misses a goal by accident, but not by this factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A bound for the judged value; without `unit` that is a ratio."""

    bound: float
    unit: str = ""
    at_least: bool = False

    def is_met(self, value: float, slack: float = 1.0) -> bool:
        return value >= self.bound / slack if self.at_least else value <= self.bound * slack

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. `beside`: the peer or limit of the same run; `value`: what is held against the goal.

    Without a goal the row only informs.
    """

    what: str
    ours: str
    beside: str = ""
    value: float | None = None
    goal: Goal | None = None

    @property
    def is_met(self) -> bool | None:
        return None if self.goal is None or self.value is None else self.goal.is_met(self.value)

    @property
    def is_far_off(self) -> bool:
        """Beyond what chance explains."""
        return (
            self.goal is not None and self.value is not None and not self.goal.is_met(self.value, slack=SLACK)
        )


COLUMNS = (
    ("measured", 50),
    ("figure", 22),
    ("beside, in the same run", 30),
    ("ratio", 6),
    ("goal", 9),
    ("met", 4),
    ("load", 4),
)


def heading() -> str:
    """The first two lines of the table."""
    return "\n".join(
        (_line([title for title, _width in COLUMNS]), _line(["─" * width for _, width in COLUMNS]))
    )


def row(figure: Figure) -> str:
    """The figure's line; the load is the machine's of the last minute."""
    is_ratio = figure.value is not None and not (figure.goal and figure.goal.unit)
    return _line(
        [
            figure.what,
            figure.ours,
            figure.beside,
            f"{figure.value:.2f}" if is_ratio else "",
            str(figure.goal or ""),
            {True: "yes", False: "NO", None: ""}[figure.is_met],
            f"{os.getloadavg()[0]:.1f}",
        ]
    )


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True)).rstrip()


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the rounds' ratios: each pair saw the same machine."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least so many per cent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"
