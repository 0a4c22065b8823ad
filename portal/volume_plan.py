"""Preview of a new volume: the least size of its source, the quota after it, the command."""

import shlex
from dataclasses import dataclass

from accounts.context import Context
from accounts.errors import BadInput, OverQuota
from accounts.services import quota_requests, quotas
from compute.volumes.services import volume_quota, volume_request
from compute.volumes.services.volume_request import VolumeRequest
from portal import launch_plan, quota_offer
from portal.launch_plan import Bar, option
from portal.quota_offer import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Quota bars with the volume in them. `offer` is the quota to ask for if it exceeds it.

    `size_gib` is None, and `size_error` says why, while the size is none that the volume may have.
    """

    size_gib: int | None
    size_error: str
    bars: list[Bar]
    offer: Offer | None

    @property
    def is_refused(self) -> bool:
        """Return whether the volume cannot be created as it is."""
        return bool(self.size_error) or any(bar.is_over for bar in self.bars)


def make(context: Context, request: VolumeRequest) -> Plan:
    """Return the plan of a request. The creation itself checks all of it again."""
    size, error = _size(context, request)
    needed = {volume_quota.COUNT: 1, volume_quota.SIZE: size or 0}
    usages = quotas.project_usage(context.project, needed) if context.project else []
    waiting = quota_requests.open_limits(context.project) if context.project else {}
    return Plan(
        size_gib=size,
        size_error=error,
        bars=[launch_plan.bar(usage, needed[usage.resource.name]) for usage in usages],
        offer=quota_offer.make(usages, needed, waiting),
    )


def _size(context: Context, request: VolumeRequest) -> tuple[int | None, str]:
    """Return the size of the volume, or why it cannot be; what is wrong with other fields does not matter here."""
    sized = VolumeRequest(
        size=request.size,
        image_id=request.image_id,
        source_volume_id=request.source_volume_id,
        snapshot_id=request.snapshot_id,
        backup_id=request.backup_id,
    )
    try:
        size = volume_request.check(context, sized).size_gib
        if context.project is not None:
            volume_quota.enforce_size(context.project, size)
    except BadInput as error:
        return None, str(error.fields.get("size", ""))
    except OverQuota as error:
        return None, str(error)
    return size, ""


def shell_command(request: VolumeRequest, *, size_gib: int | None) -> str:
    """Return the `openstack` command that creates the same, quoted for a shell."""
    version = ["--os-volume-api-version", "3.47"] if request.backup_id else []
    words = ["openstack", *version, "volume", "create"]
    words += option("--size", str(size_gib or ""))
    words += option("--image", str(request.image_id or ""))
    words += option("--source", str(request.source_volume_id or ""))
    words += option("--snapshot", str(request.snapshot_id or ""))
    words += option("--backup", str(request.backup_id or ""))
    words += option("--type", str(request.type or ""))
    words += option("--availability-zone", str(request.zone or ""))
    words += option("--description", str(request.description or "").strip())
    name = str(request.name or "").strip()
    words += ["--"] if name.startswith("-") else []
    return shlex.join([*words, name or "NAME"])
