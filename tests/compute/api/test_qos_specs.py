"""QoS specs, as clients of the Block Storage API meet them, and the limits that follow."""

from typing import Any

import pytest

from accounts.models import Project
from compute.driver.specs.hardware import DiskLimits
from compute.volumes.models import QosSpecs, Volume, VolumeType
from compute.volumes.services import qos_specs
from tests import factories
from tests.compute.api.volume_calls import BlockStorage

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def make(admin_volumes: BlockStorage, name: str = "slow", **fields: str) -> dict[str, Any]:
    body = {"name": name, "consumer": "front-end"} | fields
    row: dict[str, Any] = admin_volumes.post("qos-specs", {"qos_specs": body})["qos_specs"]
    return row


def test_they_are_made_changed_and_deleted(admin_volumes: BlockStorage, volumes: BlockStorage) -> None:
    row = make(admin_volumes, total_iops_sec="500", vendor="x")
    assert row["specs"] == {"total_iops_sec": "500", "vendor": "x"}
    path = f"qos-specs/{row['id']}"
    assert admin_volumes.get(path)["qos_specs"] == row
    assert admin_volumes.get("qos-specs")["qos_specs"] == [row]
    changed = admin_volumes.put(path, {"qos_specs": {"read_iops_sec": "7"}})["qos_specs"]
    assert changed == {"read_iops_sec": "7"}
    admin_volumes.put(f"{path}/delete_keys", {"keys": ["vendor"]}, 202)
    assert admin_volumes.get(path)["qos_specs"]["specs"] == {"total_iops_sec": "500", "read_iops_sec": "7"}
    admin_volumes.put(f"{path}/delete_keys", {"keys": ["vendor"]}, 400)
    volumes.get("qos-specs", 403)
    volumes.get(path, 403)
    admin_volumes.delete(path, 202)
    admin_volumes.get(path, 404)
    admin_volumes.get(f"qos-specs/{UNKNOWN}", 404)


@pytest.mark.parametrize(
    "fields",
    [
        {"consumer": "nobody"},
        {"name": ""},
        {"name": "n" * 256},
        {"total_iops_sec": "many"},
        {"total_iops_sec": "-1"},
        {"read_bytes_sec_per_gb": "1.5"},
        {"write_bytes_sec": "1" * 13},
        {"write_bytes_sec": "१"},
    ],
)
def test_what_is_none(admin_volumes: BlockStorage, fields: dict[str, str]) -> None:
    body = {"name": "slow", "consumer": "both"} | fields
    admin_volumes.post("qos-specs", {"qos_specs": body}, 400)
    assert not QosSpecs.objects.exists()


def test_types_have_them(admin_volumes: BlockStorage) -> None:
    first, second = make(admin_volumes), make(admin_volumes, "slower")
    admin_volumes.post("qos-specs", {"qos_specs": {"name": "slow", "consumer": "both"}}, 409)
    gold, silver = (factories.VolumeTypeFactory(name=name) for name in ("gold", "silver"))
    path = f"qos-specs/{first['id']}"
    for row in (gold, gold, silver):
        admin_volumes.get(f"{path}/associate?vol_type_id={row.pk}", 202)
    assert admin_volumes.get(f"types/{gold.pk}")["volume_type"]["qos_specs_id"] == first["id"]
    admin_volumes.get(f"qos-specs/{second['id']}/associate?vol_type_id={gold.pk}", 400)
    admin_volumes.get(f"{path}/associate?vol_type_id={UNKNOWN}", 404)
    admin_volumes.get(f"{path}/associate", 404)
    names = [row["name"] for row in admin_volumes.get(f"{path}/associations")["qos_associations"]]
    assert names == ["gold", "silver"]
    admin_volumes.delete(path, 400)
    admin_volumes.get(f"{path}/disassociate?vol_type_id={gold.pk}", 202)
    names = [row["name"] for row in admin_volumes.get(f"{path}/associations")["qos_associations"]]
    assert names == ["silver"]
    admin_volumes.get(f"{path}/disassociate_all", 202)
    assert admin_volumes.get(f"{path}/associations")["qos_associations"] == []
    admin_volumes.get(f"{path}/associate?vol_type_id={gold.pk}", 202)
    admin_volumes.delete(f"{path}?force=true", 202)
    assert VolumeType.objects.get(pk=gold.pk).qos_specs is None


@pytest.mark.parametrize(
    ("consumer", "specs", "limits"),
    [
        ("front-end", {"read_iops_sec": "5", "other": "x"}, DiskLimits(read_iops_sec=5)),
        ("both", {"total_bytes_sec": "9", "read_bytes_sec": "5"}, DiskLimits(total_bytes_sec=9)),
        ("front-end", {"total_iops_sec_per_gb": "10"}, DiskLimits(total_iops_sec=30)),
        (
            "front-end",
            {"total_iops_sec_per_gb": "10", "total_iops_sec_per_gb_min": "50"},
            DiskLimits(total_iops_sec=50),
        ),
        ("front-end", {"read_iops_sec": "0"}, None),
        ("back-end", {"read_iops_sec": "5"}, None),
        ("front-end", {}, None),
    ],
)
def test_the_limits_of_a_volume(
    blue: Project, consumer: str, specs: dict[str, str], limits: DiskLimits | None
) -> None:
    row = QosSpecs.objects.create(name="slow", consumer=consumer, specs=specs)
    volume: Volume = factories.VolumeFactory(
        project=blue, size_gib=3, type=factories.VolumeTypeFactory(qos_specs=row)
    )
    assert qos_specs.limits_of(volume) == limits
