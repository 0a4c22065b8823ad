"""The microversions of the Block Storage API.

Everything up to NEWEST is honoured by what there is. Groups, clusters and the management of foreign volumes answer
404.
"""

from typing import Final

from accounts.openstack.microversions import Microversions, Version

OLDEST: Final = Version(3, 0)
NEWEST: Final = Version(3, 70)
MICROVERSIONS: Final = Microversions(service="volume", oldest=OLDEST, newest=NEWEST)
