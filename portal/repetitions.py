"""Repetitions of schedules, as people choose and read them. All of them are cron lines underneath."""

import re
from dataclasses import dataclass

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import BadInput

ONCE, DAILY, WEEKDAYS_ONLY, WEEKLY, CRON = "once", "daily", "weekdays", "weekly", "cron"
KINDS: dict[str, str | Promise] = {
    ONCE: gettext_lazy("Once"),
    DAILY: gettext_lazy("Every day"),
    WEEKDAYS_ONLY: gettext_lazy("Monday to Friday"),
    WEEKLY: gettext_lazy("Every week"),
    CRON: gettext_lazy("By a cron line"),
}
DAYS: dict[str, str | Promise] = {str((day + 1) % 7): name for day, name in WEEKDAYS.items()}
"""{cron's number of the day: its name}, Monday first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One of KINDS; `time` is like 20:00, `day` one of DAYS, empty where it has none."""

    kind: str
    time: str = ""
    day: str = ""

    @property
    def words(self) -> str:
        match self.kind:
            case "daily":
                return _("every day at %(time)s") % {"time": self.time}
            case "weekdays":
                return _("Monday to Friday at %(time)s") % {"time": self.time}
            case "weekly":
                return _("every %(day)s at %(time)s") % {"day": DAYS[self.day], "time": self.time}
        return ""


def read(cron: str) -> Repetition:
    """Return the repetition of a cron line. One that has no words is of the kind CRON."""
    match = re.fullmatch(r"(\d{1,2}) (\d{1,2}) \* \* (\*|1-5|[0-6])", cron)
    if match is None:
        return Repetition(kind=CRON)
    time = f"{int(match[2]):02}:{int(match[1]):02}"
    kinds = {"*": DAILY, "1-5": WEEKDAYS_ONLY}
    kind = kinds.get(match[3], WEEKLY)
    return Repetition(kind=kind, time=time, day=match[3] if kind == WEEKLY else "")


def to_cron(kind: str, time: str, day: str) -> str:
    """Return the cron line of a repetition at a time like 20:00. Raise BadInput naming `time` or `day`."""
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(?::00)?", time)
    if match is None:
        raise BadInput(fields={"time": _("Give a time like 20:00.")})
    if kind == WEEKLY and day not in DAYS:
        raise BadInput(fields={"day": _("Choose a day.")})
    days = {DAILY: "*", WEEKDAYS_ONLY: "1-5"}.get(kind, day)
    return f"{int(match[2])} {int(match[1])} * * {days}"
