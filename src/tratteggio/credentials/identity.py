"""Who signs: a certificate chain and its private key, checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.extras import optional

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

MOST_BYTES = 1 << 20  # of a file of certificates or of a key
NEEDS = "signing and checking Content Credentials needs c2pa-python"
INSTALL = "pip install 'tratteggio[c2pa]'"
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, repr=False)
class Identity:
    """A signer.

    Attributes:
        chain: the certificates, the signer's first.
        key: the private key that fits the first.
        algorithm: as C2PA calls it: es256, es384, es512, ps256 or ed25519.
    """

    chain: tuple[Certificate, ...]
    key: PrivateKeyTypes
    algorithm: str

    @property
    def name(self) -> str:
        """The signer, as the certificate states it."""
        return signer_name(self.chain[0])

    def chain_pem(self) -> bytes:
        """Return the chain as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 an extra

        return b"".join(one.public_bytes(Encoding.PEM) for one in self.chain)

    def key_pem(self) -> bytes:
        """Return the key as PEM without a passphrase, for the library in memory; it is never written."""
        from cryptography.hazmat.primitives import serialization as forms  # noqa: PLC0415 an extra

        return self.key.private_bytes(
            forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
        )  # fmt: skip


def load_identity(certificate: Path, key: Path, *, passphrase: str | None = None) -> Identity:
    """Read a certificate chain and its key.

    Args:
        certificate: PEM, the signer's certificate first, then those that issued it.
        key: PEM.
        passphrase: of an encrypted key.

    Raises:
        UnreadableFile: a file is missing or holds something else.
        BadUsage: the certificate has expired or is not valid yet, the key does not fit it, is of a kind that
            C2PA does not take, or needs a passphrase.
        MissingExtra: c2pa-python is not installed.
    """
    chain = read_certificates(certificate)
    made = _read_key(key, passphrase)
    if made.public_key() != chain[0].public_key():
        raise BadUsage(
            f"the key {key} does not fit the first certificate in {certificate}; give the key of that "
            "certificate, and put the certificate of the signer first"
        )
    now, first, last = datetime.now(UTC), chain[0].not_valid_before_utc, chain[0].not_valid_after_utc
    if now > last:
        raise BadUsage(f"the certificate {certificate} expired on {last:%Y-%m-%d}; use a valid one")
    if now < first:
        raise BadUsage(f"the certificate {certificate} is not valid before {first:%Y-%m-%d}")
    return Identity(chain, made, _algorithm(key, made))


def read_certificates(path: Path) -> tuple[Certificate, ...]:
    """Read the certificates of a PEM file, in its order.

    Raises:
        UnreadableFile: missing, or no certificate in it.
        MissingExtra: c2pa-python is not installed.
    """
    with optional("cryptography", needs=NEEDS, install=INSTALL):
        from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 an extra
    try:
        return tuple(load_pem_x509_certificates(_content(path)))
    except ValueError as error:
        raise UnreadableFile(f"{path} holds no certificate in PEM form; export it as PEM") from error


def signer_name(certificate: Certificate) -> str:
    """Return the common name and the organization of a certificate."""
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 an extra

    parts = [
        str(one.value)
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for one in certificate.subject.get_attributes_for_oid(kind)
    ]
    return ", ".join(parts) or certificate.subject.rfc4514_string()


def _read_key(path: Path, passphrase: str | None) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 an extra
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 the same

    content = _content(path)
    try:
        return load_pem_private_key(content, None if passphrase is None else passphrase.encode())
    except TypeError as error:  # a passphrase is missing, or there is none to ask for
        if passphrase is None:
            raise BadUsage(f"the key {path} is encrypted; give its passphrase") from error
        return load_pem_private_key(content, None)
    except (ValueError, UnsupportedAlgorithm) as error:
        if passphrase is not None:
            raise BadUsage(f"the key {path} cannot be read with this passphrase") from error
        raise UnreadableFile(f"{path} holds no private key in PEM form; export it as PEM") from error


def _algorithm(path: Path, key: PrivateKeyTypes) -> str:
    """Return how a key signs."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 an extra

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise BadUsage(
        f"the key {path} is of a kind that C2PA does not take; use ECDSA (P-256, P-384, P-521), Ed25519, or "
        "RSA of 2,048 bits or more"
    )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise UnreadableFile(f"{path} is larger than {MOST_BYTES:,} bytes, so it is no certificate or key")
    return content
