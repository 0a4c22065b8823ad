"""The microversions of the Compute API.

Everything up to NEWEST is honoured by what there is. Changes of volumes and interfaces, and events of other services,
answer 404; of migrations there are resizes only, so that nothing is evacuated (2.95).
"""

from typing import Final

from accounts.openstack.microversions import Microversions, Version

OLDEST: Final = Version(2, 1)
NEWEST: Final = Version(2, 96)
MICROVERSIONS: Final = Microversions(
    service="compute", oldest=OLDEST, newest=NEWEST, old_header="X-OpenStack-Nova-API-Version"
)
