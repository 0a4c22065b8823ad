"""The fields by which people say how often, on every form that does."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from portal import repetitions
from portal.forms import Form, time_zone_field


class RepetitionForm(Form):
    """How often, when, and by which clock."""

    repeat = forms.ChoiceField(
        label=gettext_lazy("How often"),
        choices=[(kind, label) for kind, label in repetitions.KINDS.items() if kind != repetitions.ONCE],
        required=False,
    )
    day = forms.ChoiceField(label=gettext_lazy("Day"), choices=list(repetitions.DAYS.items()), required=False)
    time = forms.CharField(
        label=gettext_lazy("Time"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    cron = forms.CharField(
        label=gettext_lazy("Cron line"),
        required=False,
        help_text=gettext_lazy(
            "Minute, hour, day, month, day of the week. 0 20 1 * * means the first of each month at 20:00."
        ),
        widget=forms.TextInput(
            attrs={
                "placeholder": "0 20 1 * *",
                "autocomplete": "off",
                "class": "form-control font-monospace",
            }
        ),
    )
    time_zone = time_zone_field()


def to_line(data: dict[str, str]) -> str:
    """Return the cron line of what was chosen. Raise BadInput naming the wrong field."""
    kind = data["repeat"] or repetitions.CRON
    return data["cron"] if kind == repetitions.CRON else repetitions.to_cron(kind, data["time"], data["day"])


def initial_of(line: str) -> dict[str, Any]:
    """Return the values of the fields that say a cron line."""
    repetition = repetitions.read(line)
    return {
        "repeat": repetition.kind,
        "time": repetition.time,
        "day": repetition.day or None,
        "cron": line if repetition.kind == repetitions.CRON else "",
    }
