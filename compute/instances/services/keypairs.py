"""Key pairs of users: SSH keys, and certificates for Windows guests."""

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.models import User
from accounts.names import Segment, is_text
from accounts.services import audit, inputs, quotas
from accounts.services.saving import save_unique
from compute.instances.models import Keypair
from compute.instances.models.keypair import kind_of
from compute.instances.services import certificates

LONGEST_KEY = 16_384
NAME = Segment("@._-")
"""Names of key pairs (Nova, API reference, keypairs)."""


def listing(context: Context) -> list[Keypair]:
    """Return the asker's key pairs by name."""
    return list(owned(context))


def owned(context: Context, user_id: str | None = None) -> QuerySet[Keypair]:
    """Return the asker's key pairs by name; another user's for administrators. Raise Forbidden, NotFound."""
    return Keypair.objects.filter(user=_owner(context, user_id)).order_by("name")


def get(context: Context, name: str, user_id: str | None = None) -> Keypair:
    """Return one of the user's key pairs. Raise Forbidden, NotFound."""
    owner = _owner(context, user_id)
    keypair = Keypair.objects.filter(user=owner, name=name).first() if is_text(name) else None
    if keypair is None:
        raise NotFound(_("You have no key pair of this name."))
    return keypair


def create(
    context: Context, name: object, public_key: object, user_id: str | None = None, *, kind: str = "ssh"
) -> Keypair:
    """Store a public key, or a certificate if `kind` is `x509`.

    Raise Forbidden, NotFound, OverQuota, BadInput, or Conflict if the name is taken.
    """
    policy.enforce(context, "keypair:write")
    owner = _owner(context, user_id)
    clean = certificates.clean if kind == "x509" else clean_public_key
    return _save(context, owner, NAME.clean(name), clean(public_key))


def generate(
    context: Context, name: object, user_id: str | None = None, *, kind: str = "ssh"
) -> tuple[Keypair, str]:
    """Make an ed25519 key pair, or a certificate if `kind` is `x509`.

    Return it with the private key, OpenSSH's text or PEM, which is stored nowhere. Raise Forbidden, NotFound,
    OverQuota, BadInput, or Conflict if the name is taken.
    """
    policy.enforce(context, "keypair:write")
    owner = _owner(context, user_id)
    if kind == "x509":
        certificate, secret = certificates.generate(owner.pk)
        return _save(context, owner, NAME.clean(name), certificate), secret
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    keypair = _save(context, owner, NAME.clean(name), public)
    return keypair, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def delete(context: Context, name: str, user_id: str | None = None) -> None:
    """Delete a key pair. Instances keep their copy of it. Raise Forbidden, NotFound."""
    policy.enforce(context, "keypair:write")
    with transaction.atomic():
        keypair = get(context, name, user_id)
        audit.record(context, "keypair.delete", keypair)
        keypair.delete()


def clean_public_key(value: object) -> str:
    """Return an OpenSSH public key of one line as it came, since clients compare it. Raise BadInput."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise _bad_input(_("Paste a public key, such as the content of ~/.ssh/id_ed25519.pub."))
    if "PRIVATE KEY" in text:
        raise _bad_input(_("This is a private key. Keep it to yourself and paste the .pub file instead."))
    if len(text) > LONGEST_KEY or "\n" in text or "\r" in text:
        raise _bad_input(_("A public key is one line; paste only the .pub file."))
    try:
        key = load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _bad_input(_("This is not an OpenSSH public key (ssh-ed25519, ecdsa or ssh-rsa).")) from error
    if isinstance(key, RSAPublicKey) and key.key_size < 2048:
        raise _bad_input(_("RSA keys need at least 2048 bits."))
    if not text.isprintable():
        raise _bad_input(_("The key's comment has characters that cannot be shown."))
    return str(value)


def fingerprint(public_key: str) -> str:
    """Return an SSH key's SHA-256 fingerprint as `ssh-keygen -l` prints it, and a certificate's as Nova does."""
    if kind_of(public_key) == "x509":
        return certificates.fingerprint(public_key)
    digest = hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _owner(context: Context, user_id: str | None) -> User:
    """Return the asker, or the named user for administrators. Raise Forbidden, NotFound."""
    if user_id is None or user_id == context.user.id:
        return context.user
    policy.enforce(context, "keypair:write_all")
    return inputs.get_or_404(User.objects.all(), user_id, "user")


def _save(context: Context, owner: User, name: str, public_key: str) -> Keypair:
    keypair = Keypair(user=owner, name=name, public_key=public_key, fingerprint=fingerprint(public_key))
    conflict = _("You already have a key pair called %(name)s.") % {"name": name}
    with transaction.atomic():
        _enforce_quota(context, owner)
        save_unique(keypair, conflict, fields={"name": ""})
        audit.record(context, "keypair.create", keypair)
    return keypair


def _enforce_quota(context: Context, owner: User) -> None:
    """Raise OverQuota if the owner may not have one more by the limits of the asker's project, as in Nova."""
    User.objects.select_for_update().get(pk=owner.pk)
    project = context.project
    limits = quotas.user_limits(project.pk, owner.pk) if project else quotas.defaults()
    count = Keypair.objects.filter(user=owner).count() + 1
    quotas.enforce_cap("key_pairs", limits["key_pairs"], count, _("Quota exceeded, too many key pairs."))


def _bad_input(sentence: str) -> BadInput:
    return BadInput(fields={"public_key": sentence})
