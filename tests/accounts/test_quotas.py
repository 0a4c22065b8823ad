"""Limits: whose counts, what is left, and what an administrator may write."""

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Forbidden, NotFound, OverQuota
from accounts.models import AuditEvent, Project, Quota
from accounts.services import quotas
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.hostile import NO_NUMBERS

BUILT_IN = {
    "instances": 10,
    "cores": 20,
    "ram": 51_200,
    "volumes": 10,
    "snapshots": 10,
    "backups": 10,
    "backup_gigabytes": 1_000,
    "gigabytes": 1_000,
    "image_count_total": 100,
    "image_size_total": 512_000,
}

OUT_OF_RANGE = {"-2": -2, "-2 as text": "-2", "2^31": 2**31, "2^31 as text": str(2**31)}


def usage_of(project: Project) -> dict[str, quotas.Usage]:
    return {row.resource.name: row for row in quotas.project_usage(project)}


def test_without_rows_the_built_in_limits_count(blue: Project) -> None:
    assert quotas.limits([blue.id]) == {blue.id: BUILT_IN | quotas.caps}


def test_the_defaults_row_then_the_projects_own_row_wins(blue: Project, red: Project) -> None:
    Quota.objects.create(project=None, resource="cores", limit=7)
    Quota.objects.create(project=blue, resource="cores", limit=3)
    limits = quotas.limits([blue.id, red.id])
    assert (limits[blue.id]["cores"], limits[red.id]["cores"]) == (3, 7)
    assert limits[blue.id]["ram"] == BUILT_IN["ram"]


@pytest.mark.parametrize(
    ("limit", "used", "left", "percent"),
    [(4, 1, 3, 25), (4, 4, 0, 100), (2, 3, 0, 100), (0, 0, 0, 0), (0, 1, 0, 100), (-1, 3, None, 0)],
)
def test_what_is_left(blue: Project, limit: int, used: int, left: int | None, percent: int) -> None:
    Quota.objects.create(project=blue, resource="instances", limit=limit)
    factories.InstanceFactory.create_batch(used, project=blue)
    row = usage_of(blue)["instances"]
    assert (row.used, row.left, row.percent) == (used, left, percent)


@pytest.mark.parametrize("state", VmState)
def test_what_counts(blue: Project, state: VmState) -> None:
    """In the recycle bin only the disk counts; what is gone counts nowhere."""
    flavor = factories.FlavorFactory(vcpus=2, ram_mib=512, disk_gib=3)
    factories.InstanceFactory(project=blue, flavor=flavor, vm_state=state)
    used = {name: row.used for name, row in usage_of(blue).items()}
    here = state not in {VmState.SOFT_DELETED, VmState.DELETED}
    assert used == {
        "instances": 1 * here,
        "cores": 2 * here,
        "ram": 512 * here,
        "volumes": 0,
        "snapshots": 0,
        "backups": 0,
        "backup_gigabytes": 0,
        "gigabytes": 3 * (state != VmState.DELETED),
        "image_count_total": 0,
        "image_size_total": 0,
    }


def test_other_projects_do_not_count(blue: Project, red: Project) -> None:
    factories.InstanceFactory(project=red)
    assert usage_of(blue)["instances"].used == 0


def test_a_changed_flavor_changes_nobodys_usage(blue: Project) -> None:
    flavor = factories.FlavorFactory(vcpus=1)
    factories.InstanceFactory(project=blue, flavor=flavor)
    flavor.vcpus = 100
    flavor.save()
    assert usage_of(blue)["cores"].used == 1


def test_reserve_says_what_is_short_what_was_asked_and_what_is_left(blue: Project) -> None:
    Quota.objects.create(project=blue, resource="ram", limit=512)
    Quota.objects.create(project=blue, resource="cores", limit=1)
    factories.InstanceFactory(project=blue)
    with pytest.raises(OverQuota) as refused:
        quotas.reserve(blue, {"ram": 1024, "cores": 1, "instances": 1})
    assert str(refused.value) == (
        "Not enough quota for vCPUs: 1 requested, 0 of 1 available. "
        "Not enough quota for Memory: 1024 MiB requested, 384 of 512 MiB available."
    )
    assert [(row.resource, row.requested, row.left, row.limit) for row in refused.value.shortages] == [
        ("cores", 1, 0, 1),
        ("ram", 1024, 384, 512),
    ]
    assert refused.value.status == 403


def test_reserve_lets_through_what_fits_exactly_and_what_asks_for_nothing(blue: Project) -> None:
    Quota.objects.create(project=blue, resource="cores", limit=0)
    Quota.objects.create(project=blue, resource="instances", limit=1)
    quotas.reserve(blue, {"instances": 1, "cores": 0})
    quotas.reserve(blue, {})


def test_unlimited_is_never_short(blue: Project) -> None:
    Quota.objects.create(project=blue, resource="ram", limit=-1)
    quotas.reserve(blue, {"ram": 2**31})


def test_over_used_takes_nothing_more_but_keeps_what_is_there(blue: Project) -> None:
    factories.InstanceFactory.create_batch(3, project=blue)
    Quota.objects.create(project=blue, resource="instances", limit=1)
    with pytest.raises(OverQuota, match="0 of 1 available"):
        quotas.reserve(blue, {"instances": 1})
    assert Instance.objects.filter(project=blue).count() == 3


@pytest.mark.parametrize(
    "value", [*NO_NUMBERS.values(), *OUT_OF_RANGE.values()], ids=[*NO_NUMBERS, *OUT_OF_RANGE]
)
def test_no_whole_number_is_refused_by_field_and_nothing_changes(
    as_root: Context, blue: Project, value: object
) -> None:
    with pytest.raises(BadInput) as refused:
        quotas.update(as_root, blue.id, {"cores": 5, "ram": value})
    assert set(refused.value.fields) == {"ram"}
    assert not Quota.objects.exists()
    assert not AuditEvent.objects.exists()


def test_all_wrong_fields_are_named_at_once(as_root: Context, blue: Project) -> None:
    with pytest.raises(BadInput) as refused:
        quotas.update(as_root, blue.id, {"cores": -2, "ram": "many", "unicorns": 1, "instances": 1})
    assert set(refused.value.fields) == {"cores", "ram", "unicorns"}
    assert not Quota.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"), [(-1, -1), ("-1", -1), (0, 0), (" 12 ", 12), (2**31 - 1, 2**31 - 1)]
)
def test_whole_numbers_are_kept(as_root: Context, blue: Project, given: object, kept: int) -> None:
    quotas.update(as_root, blue.id, {"cores": given})
    assert quotas.limits([blue.id])[blue.id]["cores"] == kept
    event = AuditEvent.objects.get()
    assert (event.action, event.target_id, event.detail) == ("quota.update", blue.id, {"cores": kept})


def test_defaults_change_every_project_without_a_row(as_root: Context, blue: Project, red: Project) -> None:
    quotas.update(as_root, blue.id, {"cores": 3})
    quotas.update(as_root, None, {"cores": 9})
    quotas.update(as_root, None, {"cores": 8})
    assert quotas.limits([blue.id, red.id]) == {
        blue.id: BUILT_IN | quotas.caps | {"cores": 3},
        red.id: BUILT_IN | quotas.caps | {"cores": 8},
    }
    assert Quota.objects.filter(project=None).count() == 1


def test_only_administrators_write(as_max: Context, blue: Project) -> None:
    with pytest.raises(Forbidden):
        quotas.update(as_max, blue.id, {"cores": 1})


def test_an_unknown_project_is_not_found(as_root: Context) -> None:
    with pytest.raises(NotFound):
        quotas.update(as_root, "nowhere", {"cores": 1})


def test_twenty_projects_cost_as_many_queries_as_one(blue: Project, django_assert_num_queries) -> None:
    many = [project.id for project in factories.ProjectFactory.create_batch(20)]
    for project_id in many:
        factories.InstanceFactory(project_id=project_id, project=None)
    for wanted in ([blue.id], many):
        with django_assert_num_queries(1 + len(quotas.counters)):
            assert set(quotas.usage(wanted)) == set(wanted)
