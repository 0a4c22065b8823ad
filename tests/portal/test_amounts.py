"""How quotas read."""

import pytest

from accounts.services.quotas import Usage, resources
from portal import amounts
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


@pytest.mark.parametrize(
    ("name", "limit", "text"),
    [
        ("instances", 10, "10"),
        ("instances", -1, "∞"),
        ("ram", 51200, "50"),
        ("ram", 512, "0.5"),
        ("ram", 1280, "1.25"),
        ("ram", 2**30, "1048576"),
        ("ram", 6055, "6055 MiB"),
        ("ram", 0, "0"),
        ("gigabytes", 1000, "1000"),
    ],
)
def test_what_stands_in_a_field_means_the_same_when_it_comes_back(name: str, limit: int, text: str) -> None:
    assert amounts.typed(limit, resources[name]) == text
    assert amounts.parse(text, resources[name]) == str(limit)


@pytest.mark.parametrize(
    ("name", "text", "means"),
    [
        ("ram", "50GiB", "51200"),
        ("ram", " 50 gib ", "51200"),
        ("ram", "0,5", "512"),
        ("ram", "1 TiB", "1048576"),
        ("gigabytes", "2 TiB", "2048"),
        ("gigabytes", "512 MiB", "512 MiB"),
        ("cores", "20", "20"),
        ("cores", "2 GiB", "2 GiB"),
        ("cores", "−1", "-1"),
        ("ram", "1.0001", "1.0001"),
        ("ram", "many", "many"),
        ("ram", "9" * 5000, "9" * 5000),
        ("ram", "1e999", "1e999"),
        ("ram", "", ""),
    ],
)
def test_what_people_type(name: str, text: str, means: str) -> None:
    """What is no amount goes on as it is, for the rule that refuses it."""
    assert amounts.parse(text, resources[name]) == means
