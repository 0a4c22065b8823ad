"""The plan by which a volume is backed up by itself: making, changing and deleting it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import policy
from compute.engine.services import local_times
from compute.volumes.models import BackupPlan
from compute.volumes.services import backup_plans, volumes
from portal import repetitions
from portal.form_pages import form_page
from portal.repetition_form import RepetitionForm, initial_of, to_line
from portal.requests import Request, done

USUAL_TIME = "02:00"


def _number(label: Any, most: int, least: int = 0, help_text: Any = "") -> forms.CharField:
    widget = forms.NumberInput(attrs={"min": least, "max": most, "inputmode": "numeric"})
    return forms.CharField(label=label, required=False, max_length=4, widget=widget, help_text=help_text)


class PlanForm(RepetitionForm):
    """Parses only; `backup_plans.save` validates each field."""

    daily = _number(gettext_lazy("Days to keep"), backup_plans.MOST)
    weekly = _number(gettext_lazy("Weeks to keep"), backup_plans.MOST)
    monthly = _number(
        gettext_lazy("Months to keep"),
        backup_plans.MOST,
        help_text=gettext_lazy("Of each of the newest days, weeks and months, the newest backup stays."),
    )
    full_every = _number(
        gettext_lazy("Full backup every"),
        backup_plans.MOST_INCREMENTS,
        1,
        gettext_lazy("So many backups; those between have only what changed. 1: all are full."),
    )
    verifies = forms.BooleanField(
        label=gettext_lazy("Verify each when the next one is made"),
        required=False,
        help_text=gettext_lazy("It is read whole and restored into a file."),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A plan in words; its next time by its own clock."""

    plan: BackupPlan
    words: str
    keeps: str
    next_run: str


def make_line(plan: BackupPlan) -> PlanLine:
    zone = local_times.zone(plan.time_zone)
    return PlanLine(
        plan=plan,
        words=repetitions.read(plan.cron).words or plan.cron,
        keeps=_("keeps %(daily)s days, %(weekly)s weeks, %(monthly)s months")
        % {"daily": plan.daily, "weekly": plan.weekly, "monthly": plan.monthly},
        # A text, since templates would turn a time into their own clock's.
        next_run=f"{plan.next_run.astimezone(zone):%Y-%m-%d %H:%M}" if plan.next_run else "",
    )


def edit(request: Request, volume_id: UUID) -> HttpResponse:
    """Make or change the plan."""
    policy.enforce(request.context, "backup_plan:write")
    volume = volumes.get(request.context, volume_id)
    plan = backup_plans.of_volume(request.context, volume)
    back = reverse("volume-backups", args=[volume.pk])
    form = PlanForm(request.POST or None, initial=_initial(plan))
    if plan is not None:
        form.fields["time_zone"].widget.attrs["data-chosen"] = ""  # or the browser would choose its own

    def save(data: dict[str, Any]) -> tuple[str, str]:
        names = (*backup_plans.KINDS, "full_every", "verifies", "time_zone")
        chosen = {name: data[name] for name in names}
        saved = backup_plans.save(request.context, volume.pk, cron=to_line(data), **chosen)
        return _("%(name)s is backed up %(when)s.") % {"name": volume, "when": make_line(saved).words}, back

    return form_page(
        request,
        form,
        save,
        heading=_("Regular backups of %(name)s") % {"name": volume},
        intro=_("Made with your permissions at that time, also while a guest writes."),
        button=_("Save"),
        back=back,
        values={"volume": volume},
    )


def _initial(plan: BackupPlan | None) -> dict[str, Any]:
    values_of = plan or BackupPlan()
    names = (*backup_plans.KINDS, "full_every", "verifies", "time_zone")
    values = {name: getattr(values_of, name) for name in names}
    if plan is None:
        return values | {"repeat": repetitions.DAILY, "time": USUAL_TIME}
    return values | initial_of(plan.cron)


@require_POST
def delete(request: Request, volume_id: UUID) -> HttpResponse:
    """Delete the plan; its backups stay."""
    backup_plans.delete(request.context, volume_id)
    back = reverse("volume-backups", args=[volume_id])
    return done(request, _("No regular backups any more."), back, changed=(f"volume:{volume_id}", "backups"))


urlpatterns = [
    path("volumes/<uuid:volume_id>/backups/plan/", edit, name="volume-backup-plan"),
    path("volumes/<uuid:volume_id>/backups/plan/delete/", delete, name="volume-backup-plan-delete"),
]
