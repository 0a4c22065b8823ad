"""X.509 certificates as key pairs: people sign in to Windows guests by them (Nova, API reference, keypairs)."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.instances.models.keypair import kind_of

LONGEST = 16_384
LIFETIME = timedelta(days=3650)
USER_PRINCIPAL_NAME = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


def clean(value: object) -> str:
    """Return a certificate in PEM as it came. Raise BadInput."""
    try:
        if isinstance(value, str) and len(value) <= LONGEST and kind_of(value) == "x509":
            x509.load_pem_x509_certificate(value.encode())
            return value
    except ValueError:
        pass
    raise BadInput(fields={"public_key": _("Give one X.509 certificate in PEM.")})


def fingerprint(certificate: str) -> str:
    """Return the SHA-1 fingerprint as Nova shows it."""
    digest = x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA1())  # noqa: S303
    return digest.hex(":")


def generate(user_id: str) -> tuple[str, str]:
    """Return a new certificate for a user's client, which it has signed itself, and its private key, both in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id)])
    principal = f"{user_id}@localhost".encode()
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            # DER: the tag of a UTF8String, the length, the text.
            x509.SubjectAlternativeName(
                [x509.OtherName(USER_PRINCIPAL_NAME, bytes([0x0C, len(principal)]) + principal)]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), private.decode()
