"""Key pairs: checked as ssh-keygen would, private halves kept nowhere, everybody's own."""

import subprocess
from pathlib import Path

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.models import AuditEvent
from compute.instances.models import Keypair
from compute.instances.services import keypairs
from tests.hostile import BAD_NAMES

TYPES = [
    ["-t", "ed25519"],
    ["-t", "ecdsa", "-b", "256"],
    ["-t", "ecdsa", "-b", "521"],
    ["-t", "rsa", "-b", "2048"],
]


def ssh_keygen(*arguments: str | Path) -> str:
    return subprocess.run(["ssh-keygen", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("kind", TYPES, ids=["-".join(kind[1::2]) for kind in TYPES])
def test_fingerprints_are_those_of_ssh_keygen(as_alice: Context, tmp_path: Path, kind: list[str]) -> None:
    path = tmp_path / "key"
    ssh_keygen("-q", *kind, "-N", "", "-C", "alice@laptop", "-f", path)
    public = path.with_suffix(".pub")
    keypair = keypairs.create(as_alice, "laptop", public.read_text())
    assert keypair.fingerprint == ssh_keygen("-lf", public).split()[1]
    assert keypair.public_key == public.read_text()


def test_a_generated_pair_is_one(as_alice: Context, tmp_path: Path) -> None:
    keypair, private = keypairs.generate(as_alice, "made")
    path = tmp_path / "made"
    path.write_text(private)
    path.chmod(0o600)
    assert ssh_keygen("-y", "-f", path).split()[:2] == keypair.public_key.split()[:2]
    assert ssh_keygen("-lf", path).split()[1] == keypair.fingerprint
    rows = str(list(Keypair.objects.values())) + str(list(AuditEvent.objects.values()))
    assert not [line for line in private.splitlines() if len(line) > 30 and line in rows]


def test_two_pairs_of_one_name_are_a_conflict(as_alice: Context, as_bob: Context) -> None:
    keypairs.generate(as_alice, "laptop")
    with pytest.raises(Conflict, match="already have a key pair called laptop"):
        keypairs.generate(as_alice, "laptop")
    keypairs.generate(as_bob, "laptop")
    assert Keypair.objects.count() == AuditEvent.objects.count() == 2


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=list(BAD_NAMES))
def test_bad_names_are_refused(as_alice: Context, name: object) -> None:
    with pytest.raises(BadInput) as refused:
        keypairs.generate(as_alice, name)
    assert set(refused.value.fields) == {"name"}
    assert not Keypair.objects.exists()


def test_everybody_has_their_own(as_alice: Context, as_bob: Context) -> None:
    keypairs.generate(as_alice, "laptop")
    assert keypairs.listing(as_bob) == []
    for reach in (keypairs.get, keypairs.delete):
        with pytest.raises(NotFound):
            reach(as_bob, "laptop")
    assert [keypair.name for keypair in keypairs.listing(as_alice)] == ["laptop"]


def test_deleting_is_audited(as_alice: Context) -> None:
    keypairs.generate(as_alice, "laptop")
    keypairs.delete(as_alice, "laptop")
    assert not Keypair.objects.exists()
    assert [event.action for event in AuditEvent.objects.order_by("id")] == [
        "keypair.create",
        "keypair.delete",
    ]
