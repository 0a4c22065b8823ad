"""Launching with what cannot be used: the field is named and nothing at all is made."""

import json
import subprocess
import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.context import Context, for_user
from accounts.errors import BadInput, Forbidden
from accounts.models import Project
from compute.images.models import Image
from compute.instances.actions.launch import launch
from compute.instances.models import Flavor, Instance
from compute.instances.services.launch_request import LaunchRequest
from tests import factories
from tests.hostile import BAD_NAMES, NO_NUMBERS, STRANGE_BUT_TRUE_NAMES

RequestFor = Callable[..., LaunchRequest]
RowCounts = Callable[[], dict[str, int]]

BAD_COUNTS = NO_NUMBERS | {"-1": -1, "0": 0, "51": 51, "51 as text": "51", "-1 as text": "-1"}

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

BAD_KEYS: dict[str, object] = {
    "no key": "hello",
    "half a key": "ssh-ed25519 AAAAC3Nz",
    "not base64": "ssh-ed25519 !!!!",
    "type alone": "ssh-rsa",
    "other type inside": ED25519.replace("ssh-ed25519", "ssh-rsa"),
    "private": "-----BEGIN OPENSSH PRIVATE KEY----- abc -----END OPENSSH PRIVATE KEY-----",
    "two lines": f"{ED25519} a\n{ED25519} b",
    "carriage return": f"{ED25519} a\r{ED25519} b",
    "options in front": f'command="reboot" {ED25519}',
    "control character in the comment": f"{ED25519} a\x1b[31m",
    "bidi comment": f"{ED25519} a\u202eb",
    "surrogate comment": f"{ED25519} \ud800",
    "zero byte": f"{ED25519} \0",
    "10 MB": f"{ED25519} {'x' * 10_000_000}",
    "number": 7,
    "list": [ED25519],
}

BAD_USER_DATA: dict[str, tuple[object, str]] = {
    "too long": ("x" * 49_152, "49151 bytes"),
    "10 MB": ("x" * 10_000_000, "49151 bytes"),
    "two bytes each": ("é" * 24_600, "49151 bytes"),
    "bad YAML": ("#cloud-config\npackages:\n  - a\n - b\n", "line 4"),
    "unclosed YAML": ("#cloud-config\nusers: [a, b\n", "line"),
    "tab": ("#cloud-config\n\tkey: value", "line 2"),
    "list": ("#cloud-config\n- a\n", "mapping"),
    "scalar": ("#cloud-config\nhello", "mapping"),
    "two documents": ("#cloud-config\na: 1\n---\nb: 2\n", "line 3"),
    "python object": ("#cloud-config\na: !!python/object/apply:os.system [id]\n", "line 2"),
    "control character": ("#cloud-config\na: \x01\n", "YAML"),
    "surrogate": ("a\ud800", "Unicode"),
    "number": (7, "text"),
}


@pytest.fixture
def refused(as_alice: Context, row_counts: RowCounts) -> Callable[[LaunchRequest], dict[str, str]]:
    """The wrong fields and what is said of each; that nothing was made is checked."""

    def attempt(request: LaunchRequest) -> dict[str, str]:
        before = row_counts()
        with pytest.raises(BadInput) as error:
            launch(as_alice, request, "some-key")
        assert row_counts() == before
        sentences = {field: str(text) for field, text in error.value.fields.items()}
        assert all(0 < len(text) < 300 for text in sentences.values()), "no echo of what was sent"
        return sentences

    return attempt


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=list(BAD_NAMES))
@pytest.mark.parametrize("count", [1, 3])
def test_bad_names(refused, request_for: RequestFor, name: object, count: int) -> None:
    assert set(refused(request_for(name=name, count=count))) == {"name"}


@pytest.mark.parametrize("name", STRANGE_BUT_TRUE_NAMES)
def test_markup_and_other_scripts_are_text(as_alice: Context, request_for: RequestFor, name: str) -> None:
    (made,) = launch(as_alice, request_for(name=name))
    assert Instance.objects.get(pk=made.pk).name == name


def test_a_numbered_name_must_fit_with_its_number(
    refused, as_alice: Context, request_for: RequestFor
) -> None:
    assert "253" in refused(request_for(name="x" * 254, count=2))["name"]
    made = launch(as_alice, request_for(name="x" * 253, count=2))
    assert [len(instance.name) for instance in made] == [255, 255]


@pytest.mark.parametrize("count", BAD_COUNTS.values(), ids=list(BAD_COUNTS))
def test_bad_counts(refused, request_for: RequestFor, count: object) -> None:
    assert refused(request_for(count=count)) == {"count": "Give a whole number from 1 to 50."}


@pytest.mark.parametrize(
    "literal", ["NaN", "1e999", "-1", "1.5", "true", "null", "9223372036854775808", "[1]"]
)
def test_bad_counts_as_json_brings_them(refused, request_for: RequestFor, literal: str) -> None:
    assert set(refused(request_for(count=json.loads(literal)))) == {"count"}


def test_a_bad_count_does_not_hide_a_bad_name(refused, request_for: RequestFor) -> None:
    assert set(refused(request_for(name="we\nb", count=0))) == {"count", "name"}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=list(BAD_KEYS))
def test_bad_public_keys(refused, request_for: RequestFor, key: object) -> None:
    assert set(refused(request_for(public_key=key))) == {"public_key"}


@pytest.mark.parametrize("bits", [1024, 1536])
def test_weak_rsa_keys(refused, request_for: RequestFor, tmp_path, bits: int) -> None:
    path = tmp_path / "weak"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", str(bits), "-N", "", "-f", path], check=True)
    key = path.with_suffix(".pub").read_text()
    assert "2048" in refused(request_for(public_key=key))["public_key"]


def test_a_private_key_is_told_apart(refused, request_for: RequestFor, tmp_path) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    assert "private key" in refused(request_for(public_key=path.read_text()))["public_key"]


@pytest.mark.parametrize(("given", "hint"), BAD_USER_DATA.values(), ids=list(BAD_USER_DATA))
def test_bad_user_data(refused, request_for: RequestFor, given: object, hint: str) -> None:
    wrong = refused(request_for(user_data=given))
    assert set(wrong) == {"user_data"}
    assert hint in wrong["user_data"]


NO_IDS = ["", None, "unknown", str(uuid.UUID(int=7)), "\0", "1" * 5000, 7, ["1"], "x\ud800"]


@pytest.mark.parametrize("field", ["image_id", "flavor_id"])
@pytest.mark.parametrize("identity", NO_IDS, ids=[repr(identity)[:20] for identity in NO_IDS])
def test_unknown_images_and_flavors(refused, request_for: RequestFor, field: str, identity: object) -> None:
    assert set(refused(request_for(**{field: identity}))) == {field}


def test_images_that_may_not_be_used(refused, request_for: RequestFor, red: Project) -> None:
    foreign = factories.ImageFactory(project=red, visibility="private")
    unfinished = factories.ImageFactory(status=Image.Status.QUEUED)
    hidden = factories.FlavorFactory(is_public=False)
    for wish in ({"image_id": foreign.pk}, {"image_id": unfinished.pk}, {"flavor_id": hidden.pk}):
        assert set(refused(request_for(**wish))) == set(wish)


@pytest.mark.parametrize(
    ("needs", "hint"),
    [
        ({"min_ram_mib": 129}, "129 MiB of memory"),
        ({"min_disk_gib": 2}, "2 GiB of disk"),
        ({"virtual_size": 2**30 + 1}, "2 GiB of disk"),
    ],
)
def test_a_flavor_that_is_too_small(
    refused, request_for: RequestFor, needs: dict[str, int], hint: str
) -> None:
    image = factories.ImageFactory(name="big", **needs)
    assert refused(request_for(image_id=str(image.pk))) == {"flavor_id": f"big needs {hint}."}


@pytest.mark.parametrize("name", ["nobody's", "\0", "x" * 300, "x\ud800", 7, ["mine"]])
def test_key_pairs_that_are_not_ones_own(refused, request_for: RequestFor, bob, name: object) -> None:
    bob.keypairs.create(name="nobody's", public_key=ED25519, fingerprint="")
    assert set(refused(request_for(keypair_name=name))) == {"keypair_name"}


def test_all_that_is_wrong_is_said_at_once(refused, request_for: RequestFor) -> None:
    everything = request_for(
        name="we\u202eb",
        flavor_id="none",
        image_id="none",
        count=51,
        public_key="hello",
        user_data="#cloud-config\n]",
    )
    wrong = {"name", "flavor_id", "image_id", "count", "public_key", "user_data"}
    assert set(refused(everything)) == wrong


def test_without_a_project_it_is_forbidden(request_for: RequestFor, row_counts: RowCounts) -> None:
    user = factories.UserFactory()
    before = row_counts()
    with pytest.raises(Forbidden):
        launch(for_user(user, None), request_for())
    factories.AssignmentFactory(user=user, project=None, role__name="admin")
    with pytest.raises(Forbidden, match="Choose a project"):
        launch(for_user(user, None), request_for())
    assert Instance.objects.count() == before["compute.Instance"]


def test_readers_may_not(as_ruth: Context, request_for: RequestFor, row_counts: RowCounts) -> None:
    before = row_counts()
    with pytest.raises(Forbidden, match="member"):
        launch(as_ruth, request_for())
    assert row_counts() == before


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=40),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.fixed_dictionaries({}, optional=dict.fromkeys(LaunchRequest.__dataclass_fields__, JSON)))
def test_whatever_comes_is_made_or_refused_by_field(
    as_alice: Context, request_for: RequestFor, flavor: Flavor, wishes: dict[str, object]
) -> None:
    before = Instance.objects.count()
    request = request_for(**wishes)
    wrong: dict[str, object] = {}
    made: list[Instance] = []
    try:
        made = launch(as_alice, request)
    except BadInput as error:
        wrong = dict(error.fields)
    except Forbidden:
        names_host = wishes.get("host") is not None or ":" in str(wishes.get("availability_zone"))
        assert names_host, "a host is the administrators' to choose"
        wrong = {"name": "it is refused as a whole"}
    assert bool(wrong) is not bool(made)
    assert set(wrong) <= {*wishes, "name"}
    assert Instance.objects.count() == before + len(made)
    Instance.objects.all().delete()
