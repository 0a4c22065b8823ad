"""CPU topologies of guests, chosen as Nova does (administrator guide, “CPU topologies”)."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.driver.specs.hardware import Topology

PARTS = ("sockets", "cores", "threads")


def choose(specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int) -> Topology | None:
    """Return the topology that a flavor's `hw:cpu_…` and an image's `hw_cpu_…` prefer; None if neither does.

    The image's preference comes before the flavor's, but within the flavor's limits. If it is impossible with this
    number of vCPUs, the nearest topology is chosen. Raise BadInput if the limits allow none.
    """
    flavor, image = _numbers(specs, "hw:cpu_"), _numbers(properties, "hw_cpu_")
    flavor_limits, image_limits = _numbers(specs, "hw:cpu_max_"), _numbers(properties, "hw_cpu_max_")
    if not (flavor or image or flavor_limits or image_limits):
        return None
    for part in image_limits.keys() & flavor_limits.keys():
        if image_limits[part] > flavor_limits[part]:
            raise BadInput(
                _("hw_cpu_max_%(part)s=%(its)s is more than the flavor's hw:cpu_max_%(part)s=%(theirs)s.")
                % {"part": part, "its": image_limits[part], "theirs": flavor_limits[part]}
            )
    limits = flavor_limits | image_limits
    for part in image.keys() & limits.keys():
        if image[part] > limits[part]:
            raise BadInput(
                _("hw_cpu_%(part)s=%(its)s is more than the limit of %(most)s.")
                % {"part": part, "its": image[part], "most": limits[part]}
            )
    if any(flavor[part] > limits[part] for part in flavor.keys() & limits.keys()):
        flavor = {}  # the image's limits exclude it
    return _nearest(image or flavor, limits, vcpus)


def _numbers(values: Mapping[str, str], prefix: str) -> dict[str, int]:
    return {part: int(values[prefix + part]) for part in PARTS if prefix + part in values}


def _nearest(preferred: Mapping[str, int], limits: Mapping[str, int], vcpus: int) -> Topology:
    """Return the topology that matches most preferred parts, then has the fewest threads and the most sockets.

    Raise BadInput if the limits allow none.
    """
    possible = [
        Topology(sockets=vcpus // (cores * threads), cores=cores, threads=threads)
        for threads in range(1, vcpus + 1)
        for cores in range(1, vcpus // threads + 1)
        if vcpus % (cores * threads) == 0
    ]
    allowed = [one for one in possible if all(getattr(one, part) <= limit for part, limit in limits.items())]
    if not allowed:
        raise BadInput(
            _("%(vcpus)s vCPUs cannot be arranged within hw:cpu_max_sockets, _cores and _threads.")
            % {"vcpus": vcpus}
        )

    def nearness(one: Topology) -> tuple[int, int, int]:
        matches = sum(getattr(one, part) == number for part, number in preferred.items())
        return matches, -one.threads, one.sockets

    return max(allowed, key=nearness)
