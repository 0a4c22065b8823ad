"""The host that this process runs on."""

from django.conf import settings
from django.db import transaction

from compute.engine.services import served_host
from compute.hosts.models import Hypervisor


@transaction.atomic
def ensure() -> Hypervisor:
    """Return the row of this machine. Make it at the first start."""
    host, created = Hypervisor.objects.get_or_create(
        name=settings.HOST, defaults={"uri": settings.LIBVIRT_URI}
    )
    if not created and host.uri != settings.LIBVIRT_URI:
        host.uri = settings.LIBVIRT_URI
        host.save(update_fields=["uri"])
    return host


def serve() -> Hypervisor:
    """Let this process take work of this machine only. Return the machine's row."""
    host = ensure()
    served_host.serve(host.pk)
    return host
