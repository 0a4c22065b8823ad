"""Flavors: public ones, and those that an administrator has granted to single projects."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.models import Project
from accounts.names import KEY, Segment, clean_name, is_text
from accounts.services import audit, inputs, quotas
from accounts.services.saving import save_unique
from compute.instances.models import Flavor, Instance
from compute.instances.services import hardware_options

SIZES = {
    "vcpus": (1, 256),
    "ram_mib": (32, 2**22),
    "disk_gib": (0, 2**16),
    "ephemeral_gib": (0, 2**16),
    "swap_mib": (0, 2**22),
}
MOST_SPECS = 128
ID = Segment("-_.", letters=r"\w", reserved=("detail",))
"""Ids that administrators choose, but for the segment of `/flavors/detail` (Nova, `create_flavor`)."""

COPIED_FIELDS = ("flavor_id", "flavor_name", "vcpus", "ram_mib", "disk_gib", "ephemeral_gib", "swap_mib")
"""Columns that an instance copies from its flavor. Its extra specs are in the column `hardware`."""


def visible_to(context: Context) -> QuerySet[Flavor]:
    """Return the public flavors and those granted to the asker's project; all for administrators. Raise Forbidden."""
    policy.enforce(context, "flavor:read")
    if policy.allows(context, "flavor:write"):
        return Flavor.objects.all()
    return Flavor.objects.filter(Q(is_public=True) | Q(projects=context.project)).distinct()


def listing(context: Context) -> list[Flavor]:
    """Return the flavors in which the asker's project may launch, smallest first. Raise Forbidden."""
    policy.enforce(context, "flavor:read")
    return list(Flavor.objects.filter(Q(is_public=True) | Q(projects=context.project)).distinct())


def all_for_admin(context: Context) -> QuerySet[Flavor]:
    """Return all flavors with `instance_count`, which includes the recycle bin, and `project_count`. One query."""
    policy.enforce(context, "flavor:write")
    instances = Instance.objects.existing().filter(flavor_id=OuterRef("pk")).order_by().values("flavor_id")
    return Flavor.objects.annotate(
        instance_count=Coalesce(Subquery(instances.annotate(n=Count("pk")).values("n")), 0),
        project_count=Count("projects"),
    )


def get(context: Context, flavor_id: object) -> Flavor:
    """Return one flavor that the asker may use. Raise Forbidden, NotFound."""
    flavor = visible_to(context).filter(pk=flavor_id).first() if is_text(flavor_id) else None
    if flavor is None:
        raise NotFound(_("Choose a size."))
    return flavor


def copied_fields(flavor: Flavor) -> dict[str, Any]:
    """Return the values of `COPIED_FIELDS`."""
    return {
        "flavor_id": str(flavor.pk),
        "flavor_name": flavor.name,
        "vcpus": flavor.vcpus,
        "ram_mib": flavor.ram_mib,
        "disk_gib": flavor.disk_gib,
        "ephemeral_gib": flavor.ephemeral_gib,
        "swap_mib": flavor.swap_mib,
    }


@transaction.atomic
def create(context: Context, data: dict[str, Any]) -> Flavor:
    """Make a flavor from `name`, the `SIZES`, and optionally `id`, `rxtx_factor`, `is_public`, `description`.

    Raise Forbidden, BadInput naming each wrong field, or Conflict if id or name is taken.
    """
    policy.enforce(context, "flavor:write")
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {"name": clean_name(data.get("name"))}
    for field, (least, most) in SIZES.items():
        number = quotas.whole_number(data.get(field, 0))
        if number is None or not least <= number <= most:
            wrong[field] = _("Give a whole number from %(least)s to %(most)s.") % {
                "least": least,
                "most": most,
            }
        values[field] = number
    values["rxtx_factor"] = _clean_factor(data.get("rxtx_factor", 1.0))
    if values["rxtx_factor"] is None:
        wrong["rxtx_factor"] = _("Give a number above 0.")
    if wrong:
        raise BadInput(fields=wrong)
    if data.get("id") is not None:
        values["id"] = ID.clean(data["id"], field="id")
    values["is_public"] = inputs.flag(data, "is_public", True)
    values["description"] = inputs.text(data, "description")
    flavor = Flavor(**values)
    save_unique(flavor, _("There is a flavor with this name or id already."))
    audit.record(context, "flavor.create", flavor)
    return flavor


@transaction.atomic
def describe(context: Context, flavor_id: str, description: object) -> Flavor:
    policy.enforce(context, "flavor:write")
    flavor = get(context, flavor_id)
    flavor.description = inputs.text({"description": description}, "description")
    flavor.save(update_fields=["description"])
    audit.record(context, "flavor.update", flavor)
    return flavor


@transaction.atomic
def delete(context: Context, flavor_id: str) -> None:
    """Delete a flavor. Instances keep their copy of its columns. Raise Forbidden, NotFound."""
    policy.enforce(context, "flavor:write")
    flavor = get(context, flavor_id)
    audit.record(context, "flavor.delete", flavor)
    flavor.delete()


@transaction.atomic
def set_specs(context: Context, flavor_id: str, specs: object) -> Flavor:
    """Add or change extra specs. Raise Forbidden, NotFound, BadInput."""
    policy.enforce(context, "flavor:write")
    flavor = _locked(context, flavor_id)
    if not isinstance(specs, dict) or not specs:
        raise BadInput(fields={"extra_specs": _("Give an object of keys and texts.")})
    return _save_specs(context, flavor, flavor.extra_specs | _clean_specs(specs))


@transaction.atomic
def replace_specs(context: Context, flavor_id: str, specs: dict[str, str]) -> None:
    """Set the extra specs to exactly these. Raise Forbidden, NotFound, BadInput."""
    policy.enforce(context, "flavor:write")
    flavor = _locked(context, flavor_id)
    if flavor.extra_specs != specs:
        _save_specs(context, flavor, _clean_specs(specs))


@transaction.atomic
def remove_spec(context: Context, flavor_id: str, key: str) -> None:
    policy.enforce(context, "flavor:write")
    flavor = _locked(context, flavor_id)
    if key not in flavor.extra_specs:
        raise NotFound(_("The flavor has no extra spec of this name."))
    _save_specs(
        context, flavor, {name: flavor.extra_specs[name] for name in flavor.extra_specs if name != key}
    )


def projects(context: Context, flavor_id: str) -> list[str]:
    """Return the ids of the projects that a flavor is granted to. Raise Forbidden, NotFound, also for a public one."""
    policy.enforce(context, "flavor:write")
    flavor = get(context, flavor_id)
    if flavor.is_public:
        raise NotFound(_("A public flavor has no list of projects."))
    return list(flavor.projects.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def grant(context: Context, flavor_id: str, project_id: object) -> Flavor:
    """Grant a flavor that is not public to a project. Raise Forbidden, NotFound, BadInput, Conflict."""
    policy.enforce(context, "flavor:write")
    flavor, project = _locked(context, flavor_id), _project(project_id)
    if flavor.projects.filter(pk=project.pk).exists():
        raise Conflict(_("The project has this flavor already."))
    flavor.projects.add(project)
    audit.record(context, "flavor.grant", flavor, project=project.pk)
    return flavor


@transaction.atomic
def replace_projects(context: Context, flavor_id: str, project_ids: Iterable[str]) -> None:
    """Grant a flavor to exactly these projects. Raise Forbidden, NotFound, BadInput."""
    policy.enforce(context, "flavor:write")
    flavor = _locked(context, flavor_id)
    ids = set(project_ids)
    projects = set(Project.objects.filter(pk__in=ids))
    if missing := ids - {project.pk for project in projects}:
        raise BadInput(fields={"projects": _("There is no project %(word)s.") % {"word": min(missing)}})
    if set(flavor.projects.all()) != projects:
        flavor.projects.set(projects)
        joined = ", ".join(sorted(project.name for project in projects))
        audit.record(context, "flavor.grant", flavor, projects=joined)


@transaction.atomic
def withdraw(context: Context, flavor_id: str, project_id: object) -> Flavor:
    policy.enforce(context, "flavor:write")
    flavor, project = _locked(context, flavor_id), _project(project_id)
    if not flavor.projects.filter(pk=project.pk).exists():
        raise NotFound(_("The project does not have this flavor."))
    flavor.projects.remove(project)
    audit.record(context, "flavor.withdraw", flavor, project=project.pk)
    return flavor


def _clean_factor(value: object) -> float | None:
    """Return the number if it is above 0 and every database can hold it, else None."""
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return number if 1e-6 <= number <= 1e6 else None


def _project(project_id: object) -> Project:
    project = Project.objects.filter(pk=project_id).first() if is_text(project_id) else None
    if project is None:
        raise BadInput(fields={"tenant": _("There is no such project.")})
    return project


def _locked(context: Context, flavor_id: str) -> Flavor:
    return Flavor.objects.select_for_update().get(pk=get(context, flavor_id).pk)


def _clean_specs(specs: dict[Any, Any]) -> dict[str, str]:
    """Return extra specs with their values as texts. Raise BadInput."""
    for key, value in specs.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not KEY.has(key):
            raise BadInput(fields={"extra_specs": f"{key}: {KEY.sentence}"})
        if not (is_number or value == "" or is_text(value)):
            raise BadInput(fields={"extra_specs": _("Values are texts of at most 255 characters.")})
        if reason := hardware_options.spec_error(key, str(value)):
            raise BadInput(fields={"extra_specs": f"{key}: {reason}"})
    return {key: str(value) for key, value in specs.items()}


def _save_specs(context: Context, flavor: Flavor, specs: dict[str, str]) -> Flavor:
    if len(specs) > MOST_SPECS:
        raise BadInput(fields={"extra_specs": _("Keep at most %(most)s entries.") % {"most": MOST_SPECS}})
    flavor.extra_specs = specs
    flavor.save(update_fields=["extra_specs"])
    audit.record(context, "flavor.update", flavor)
    return flavor
