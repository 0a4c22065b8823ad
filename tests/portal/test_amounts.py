"""How quotas read."""

import pytest

from accounts.services.quotas import Usage, resources
from portal.templatetags.cloud import beside_limit


@pytest.mark.parametrize(
    ("name", "used", "limit", "reads"),
    [
        ("instances", 2, 10, "2"),
        ("ram", 0, 51200, "0"),
        ("ram", 256, 51200, "256 MiB"),
        ("ram", 2048, 51200, "2"),
        ("gigabytes", 3, 1000, "3"),
        ("gigabytes", 3, -1, "3 GiB"),
        ("gigabytes", 0, -1, "0 GiB"),
    ],
)
def test_a_unit_stands_once(name: str, used: int, limit: int, reads: str) -> None:
    """Beside a limit that has one; where there is no limit, what is used says it."""
    assert beside_limit(Usage(resource=resources[name], used=used, limit=limit)) == reads
