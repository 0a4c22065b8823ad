"""Storage pools of hosts: administrators add folders on further disks, and empty pools go again."""

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
from accounts.context import Context
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import added_pools, host_usage, pools
from portal import words
from portal.form_pages import form_page
from portal.forms import Form
from portal.host_lines import Gauge
from portal.requests import Request, done

GIB = 2**30


class PoolForm(Form):
    """Parses only; `compute.hosts.services.added_pools` validates."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Volume types choose it by volume_backend_name."),
    )
    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        max_length=1024,
        required=False,
        help_text=gettext_lazy(
            "On the host, such as where a disk is mounted: /mnt/fast. Meridian makes a folder of its own in there."
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """A pool as the host's page shows it. The gauge counts what volumes may grow to, and overcommitment."""

    pool: Pool
    gauge: Gauge
    free_gib: int
    is_own: bool

    @property
    def state(self) -> tuple[str, str]:
        """Return the label of the state, and its colour."""
        return words.pool_state(self.pool)


def lines_of(context: Context, host: Hypervisor) -> list[PoolLine]:
    """Return the lines of the host's pools. Raise Forbidden. One query."""
    return [
        PoolLine(
            pool=pool,
            gauge=Gauge(
                label=_("Given out"),
                used=-(-used_bytes // GIB),
                total=int(pool.capacity_bytes * host.disk_ratio) // GIB,
                unit="GiB",
            ),
            free_gib=pool.available_bytes // GIB,
            is_own=pools.is_own(pool),
        )
        for pool, used_bytes in added_pools.of_host(context, host)
    ]


def new(request: Request, hypervisor_id: str) -> HttpResponse:
    """Add a pool to a host."""
    policy.enforce(request.context, "hypervisor:write")
    host = host_usage.get(request.context, hypervisor_id)
    back = reverse("host", args=[host.pk])

    def save(data: dict[str, Any]) -> tuple[str, str]:
        pool = added_pools.add(request.context, host.pk, data["name"], data["folder"])
        return _("Added the storage pool %(name)s. The host prepares it.") % {"name": pool}, back

    return form_page(
        request,
        PoolForm(request.POST or None),
        save,
        heading=_("New storage pool of %(host)s") % {"host": host},
        button=_("Add storage pool"),
        back=back,
    )


@require_POST
def enable(request: Request, pool_id: UUID) -> HttpResponse:
    """Have the pool take new volumes, or none."""
    enabled = request.POST.get("enabled") == "true"
    pool = added_pools.enable(request.context, pool_id, enabled)
    message = _("%(pool)s takes new volumes.") if enabled else _("%(pool)s takes no new volumes.")
    return done(request, message % {"pool": pool}, _page_of(pool), changed=("hosts",))


@require_POST
def remove(request: Request, pool_id: UUID) -> HttpResponse:
    """Remove an empty pool."""
    pool = added_pools.remove(request.context, pool_id)
    message = _("The host removes %(pool)s.") % {"pool": pool}
    return done(request, message, _page_of(pool), changed=("hosts",))


def _page_of(pool: Pool) -> str:
    host = pool.hosts.first()
    return reverse("host", args=[host.pk]) if host else reverse("hosts")


urlpatterns = [
    path("hosts/<str:hypervisor_id>/pools/new/", new, name="pool-new"),
    path("pools/<uuid:pool_id>/enabled/", enable, name="pool-enabled"),
    path("pools/<uuid:pool_id>/remove/", remove, name="pool-remove"),
]
