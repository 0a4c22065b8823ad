"""How a guest's processors are arranged, chosen as Nova chooses (administrator guide, “CPU topologies”)."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.driver.specs.hardware import Topology

PARTS = ("sockets", "cores", "threads")


def choose(specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int) -> Topology | None:
    """The arrangement that a flavor's `hw:cpu_…` and an image's `hw_cpu_…` ask for; None where neither does.

    An image's wish counts before the flavor's, but within the flavor's limits. What is wished need not be possible
    with this number of processors: the nearest is taken. Raise BadInput if the limits leave nothing.
    """
    flavor, image = _numbers(specs, "hw:cpu_"), _numbers(properties, "hw_cpu_")
    theirs, its = _numbers(specs, "hw:cpu_max_"), _numbers(properties, "hw_cpu_max_")
    if not (flavor or image or theirs or its):
        return None
    for part in its.keys() & theirs.keys():
        if its[part] > theirs[part]:
            raise BadInput(
                _("hw_cpu_max_%(part)s=%(its)s is more than the flavor's hw:cpu_max_%(part)s=%(theirs)s.")
                % {"part": part, "its": its[part], "theirs": theirs[part]}
            )
    most = theirs | its
    for part in image.keys() & most.keys():
        if image[part] > most[part]:
            raise BadInput(
                _("hw_cpu_%(part)s=%(its)s is more than the limit of %(most)s.")
                % {"part": part, "its": image[part], "most": most[part]}
            )
    if any(flavor[part] > most[part] for part in flavor.keys() & most.keys()):
        flavor = {}  # the image's limits have overtaken it
    return _nearest(image or flavor, most, vcpus)


def _numbers(words: Mapping[str, str], prefix: str) -> dict[str, int]:
    return {part: int(words[prefix + part]) for part in PARTS if prefix + part in words}


def _nearest(wanted: Mapping[str, int], most: Mapping[str, int], vcpus: int) -> Topology:
    """Of those that match the wish in most parts, the one with fewest threads, then with most sockets."""
    possible = [
        Topology(sockets=vcpus // (cores * threads), cores=cores, threads=threads)
        for threads in range(1, vcpus + 1)
        for cores in range(1, vcpus // threads + 1)
        if vcpus % (cores * threads) == 0
    ]
    fitting = [one for one in possible if all(getattr(one, part) <= limit for part, limit in most.items())]
    if not fitting:
        raise BadInput(
            _("%(vcpus)s vCPUs cannot be arranged within hw:cpu_max_sockets, _cores and _threads.")
            % {"vcpus": vcpus}
        )

    def nearness(one: Topology) -> tuple[int, int, int]:
        matches = sum(getattr(one, part) == number for part, number in wanted.items())
        return matches, -one.threads, one.sockets

    return max(fitting, key=nearness)
