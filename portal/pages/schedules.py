"""Schedules of an instance: make, change, disable and delete them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import policy
from accounts.errors import NotFound
from compute.engine.actions import registry
from compute.engine.services import local_times
from compute.instances.models import Instance, Schedule
from compute.instances.services import instances, schedules
from portal import repetitions
from portal.form_pages import form_page
from portal.repetition_form import RepetitionForm, initial_of, to_line
from portal.requests import Request, done


class ScheduleForm(RepetitionForm):
    field_order = ("verb", "repeat", "at", "day", "time", "cron", "until", "time_zone", "keep")

    verb = forms.ChoiceField(
        label=gettext_lazy("Action"),
        choices=lambda: [(verb, _label(verb)) for verb in schedules.verbs()],
    )
    repeat = forms.ChoiceField(
        label=gettext_lazy("How often"), choices=list(repetitions.KINDS.items()), required=False
    )
    at = forms.CharField(
        label=gettext_lazy("Date and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    until = forms.CharField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("The last day. Leave empty to never end."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    keep = forms.CharField(
        label=gettext_lazy("Images to keep"),
        required=False,
        initial=Schedule.DEFAULT_KEEP,
        help_text=gettext_lazy(
            "Only for images: once a new one is ready, older ones that this schedule took are deleted."
        ),
        widget=forms.NumberInput(attrs={"min": 1, "max": schedules.MOST_IMAGES}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """A schedule with labels; its times in its own time zone."""

    schedule: Schedule
    label: str | Promise
    icon: str
    words: str
    next_run: str
    until: str


def _label(verb: str) -> str | Promise:
    return registry.actions()[f"instance.{verb}"].label


def make_line(schedule: Schedule) -> ScheduleLine:
    action, zone = registry.actions()[f"instance.{schedule.verb}"], local_times.zone(schedule.time_zone)
    return ScheduleLine(
        schedule=schedule,
        label=action.label,
        icon=action.icon,
        words=repetitions.read(schedule.cron).words,
        # A text, since templates would turn a time into their own clock's.
        next_run=f"{schedule.next_run.astimezone(zone):%Y-%m-%d %H:%M}" if schedule.next_run else "",
        until=f"{schedule.until.astimezone(zone):%Y-%m-%d}" if schedule.until else "",
    )


def _times(data: dict[str, str]) -> dict[str, str]:
    """Return the fields of a form as the service takes them. Raise BadInput."""
    rest: dict[str, str] = {name: data[name] for name in ("verb", "time_zone", "keep") if name in data}
    kind = data["repeat"] or (repetitions.CRON if data["cron"] else repetitions.ONCE)
    if kind == repetitions.ONCE:
        return {**rest, "at": data["at"], "cron": "", "until": ""}
    return {**rest, "at": "", "cron": to_line(data | {"repeat": kind}), "until": data["until"]}


def new(request: Request, instance_id: UUID) -> HttpResponse:
    """Make a schedule."""
    instance = instances.get(request.context, instance_id)
    policy.enforce(request.context, "schedule:write")
    back = reverse("instance", args=[instance.pk])

    def save(data: dict[str, str]) -> tuple[str, str]:
        schedule = schedules.create(request.context, instance.pk, **_times(data))
        return _("Scheduled: %(label)s.") % {"label": _label(schedule.verb)}, back

    return form_page(
        request,
        ScheduleForm(request.POST or None),
        save,
        heading=_("New schedule: %(name)s") % {"name": instance.name},
        intro=_("Runs with your permissions at that time."),
        button=_("Create schedule"),
        back=back,
    )


def edit(request: Request, instance_id: UUID, schedule_id: str) -> HttpResponse:
    """Change a schedule."""
    instance = instances.get(request.context, instance_id)
    schedule = _get_schedule(request, instance, schedule_id)
    back = reverse("instance", args=[instance.pk])
    label = _label(schedule.verb)
    form = ScheduleForm(request.POST or None, initial=_initial(schedule))
    for name in ("verb",) if schedule.verb == "take_image" else ("verb", "keep"):
        del form.fields[name]
    form.fields["time_zone"].widget.attrs["data-chosen"] = ""  # or the browser would choose its own

    def save(data: dict[str, str]) -> tuple[str, str]:
        schedules.change(request.context, schedule.pk, **({"keep": schedule.keep} | _times(data)))
        return _("Scheduled: %(label)s.") % {"label": label}, back

    return form_page(
        request,
        form,
        save,
        heading=_("Edit the schedule “%(label)s” of %(name)s") % {"label": label, "name": instance.name},
        intro=_("From now on it runs with your permissions at that time."),
        button=_("Save"),
        back=back,
    )


def _initial(schedule: Schedule) -> dict[str, Any]:
    zone = local_times.zone(schedule.time_zone)
    at = f"{schedule.at.astimezone(zone):%Y-%m-%dT%H:%M}" if schedule.at else ""
    return {
        **initial_of(schedule.cron),
        **({"repeat": repetitions.ONCE} if at else {}),
        "at": at,
        "until": f"{schedule.until.astimezone(zone):%Y-%m-%d}" if schedule.until else "",
        "time_zone": schedule.time_zone,
        "keep": schedule.keep,
    }


@require_POST
def set_enabled(request: Request, instance_id: UUID, schedule_id: str) -> HttpResponse:
    """Enable or disable a schedule."""
    instance = instances.get(request.context, instance_id)
    key = _get_schedule(request, instance, schedule_id).pk
    schedule = schedules.set_enabled(request.context, key, request.POST.get("enabled") == "true")
    message = _("The schedule is on.") if schedule.enabled else _("The schedule rests.")
    return _done(request, instance, message)


@require_POST
def delete(request: Request, instance_id: UUID, schedule_id: str) -> HttpResponse:
    """Delete a schedule."""
    instance = instances.get(request.context, instance_id)
    schedules.delete(request.context, _get_schedule(request, instance, schedule_id).pk)
    return _done(request, instance, _("The schedule was deleted."))


def _get_schedule(request: Request, instance: Instance, key: str) -> Schedule:
    """Return the instance's schedule with this id. Raise Forbidden, NotFound."""
    policy.enforce(request.context, "schedule:write")
    for schedule in schedules.for_instance(request.context, instance):
        if str(schedule.pk) == key:
            return schedule
    raise NotFound


def _done(request: Request, instance: Instance, message: str) -> HttpResponse:
    back = reverse("instance", args=[instance.pk])
    return done(request, message, back, changed=(f"instance:{instance.pk}",))


SCHEDULES = "instances/<uuid:instance_id>/schedules/"

urlpatterns = [
    path(f"{SCHEDULES}new/", new, name="instance-schedule-new"),
    path(f"{SCHEDULES}<str:schedule_id>/edit/", edit, name="instance-schedule-edit"),
    path(f"{SCHEDULES}<str:schedule_id>/enabled/", set_enabled, name="instance-schedule-enabled"),
    path(f"{SCHEDULES}<str:schedule_id>/delete/", delete, name="instance-schedule-delete"),
]
