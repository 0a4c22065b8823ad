"""Which instances may have a volume, which volumes an instance may have, and why others may not."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import Conflict
from compute.engine.actions import registry
from compute.engine.actions.permitted import refusal
from compute.instances.actions.volume_attach import enforce_free
from compute.instances.models import Instance
from compute.instances.services import instances, status_labels, volume_disks
from compute.volumes.models import Volume
from compute.volumes.services import volume_lists
from portal.action_menu import by_reason
from portal.templatetags.cloud import amount

MOST = 200
"""How many rows are offered. In larger projects a search of the list leads to the row's own page."""


@dataclass(slots=True, kw_only=True)
class AttachChoices:
    """`possible` are (id, label). `impossible` are names of rows with the reason that all of them have."""

    possible: list[tuple[str, str]] = field(default_factory=list)
    impossible: list[tuple[str, str]] = field(default_factory=list)


def instances_for(context: Context, volume: Volume) -> AttachChoices:
    """Return the instances of the volume's project, by name, in a constant number of queries. Raise Forbidden."""
    rows = instances.page(
        context,
        sort="name",
        all_projects=context.is_admin,
        project=volume.project_id or "",
        size=MOST,
        details=True,
    )
    return _sorted(
        (
            str(instance.pk),
            instance.name,
            f"{instance.name} – {status_labels.status(instance.status)}",
            _reason(context, instance, volume),
        )
        for instance in rows
    )


def volumes_for(context: Context, instance: Instance) -> AttachChoices:
    """Return the available volumes of the instance's project, by name. Raise Forbidden.

    Costs a constant number of queries.
    """
    attach = registry.actions()["volume.attach"]
    rows = volume_lists.page(
        context,
        state="available",
        sort="name",
        all_projects=context.is_admin,
        project=instance.project_id or "",
        size=MOST,
    )

    def reason(volume: Volume) -> str:
        error = refusal(context, attach, volume)
        return str(error) if error else volume_disks.refusal(instance, volume)

    return _sorted(
        (
            str(volume.pk),
            str(volume),
            f"{volume} – {amount(volume.size_gib, 'GiB')}, {volume.type.name}",
            reason(volume),
        )
        for volume in rows
    )


def _reason(context: Context, instance: Instance, volume: Volume) -> str:
    """Return why the instance cannot have the volume now; empty if it can."""
    try:
        enforce_free(context, instance)
    except Conflict as error:
        # By state the reason is the same for many; the name stands beside it.
        if instance.task_state is None and not instance.locked:
            return _("Not possible in the state “%(status)s”.") % {
                "status": status_labels.status(instance.status)
            }
        return str(error)
    return volume_disks.refusal(instance, volume)


def _sorted(rows: Iterable[tuple[str, str, str, str]]) -> AttachChoices:
    """Return rows of (id, name, label, reason) as what is possible and what is not."""
    choices, refused = AttachChoices(), []
    for key, name, label, reason in rows:
        if reason:
            refused.append((name, reason))
        else:
            choices.possible.append((key, label))
    choices.impossible = by_reason(refused)
    return choices
