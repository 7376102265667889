"""A signed receipt beside a picture that cannot hold Content Credentials itself: too large, or several pages.

It is a JSON Web Signature in flattened form (RFC 7515, 7.2.2) with the certificate chain in its header (x5c),
over the hash of the file and of its samples. Any library of JWS can check it.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from tratteggio import files
from tratteggio.credentials.identity import INSTALL, NEEDS, Identity
from tratteggio.errors import UnreadableFile
from tratteggio.extras import optional
from tratteggio.files.documents import parse_json, read_json, require
from tratteggio.version import __version__

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

WHAT = "receipt"
HEADER_NAMES = {"es256": "ES256", "es384": "ES384", "es512": "ES512", "ps256": "PS256", "ed25519": "EdDSA"}
HALF = {"ES256": 32, "ES384": 48, "ES512": 66}  # bytes of each of the two numbers of an ECDSA signature

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Statement(Struct):
    """What is signed."""

    picture: str
    file_sha256: Hash
    samples_sha256: Hash
    history_sha256: Hash
    signed: str


class _Signed(Struct):
    """The file."""

    payload: str
    protected: str
    signature: str


class _Header(Struct):
    """Its protected header."""

    alg: str
    x5c: Annotated[list[str], Meta(min_length=1, max_length=16)]


class Receipt(NamedTuple):
    """A receipt as read.

    Attributes:
        statement: what was signed.
        chain: the certificates, the signer's first.
        genuine: True if the signature is that of the first certificate over this statement.
    """

    statement: Statement
    chain: tuple[Certificate, ...]
    genuine: bool


def state(path: Path, history: Path) -> dict[str, Any]:
    """Return what a receipt says of a picture; the file is read twice, in bands."""
    return {
        "what": "hashes of a picture made by tratteggio: its file, its samples and its history",
        "tratteggio": __version__,
        "picture": path.name,
        "file_sha256": files.sha256(path),
        "samples_sha256": files.sha256_pixels(files.read(path).pixels),
        "history_sha256": files.sha256(history),
        "signed": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def sign_statement(statement: dict[str, Any], identity: Identity) -> str:
    """Return the text of a receipt."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 an extra

    header = {
        "alg": HEADER_NAMES[identity.algorithm],
        "x5c": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in identity.chain],
    }
    payload, protected = (_encode(json.dumps(part).encode()) for part in (statement, header))
    signature = _sign(f"{protected}.{payload}".encode(), identity)
    return json.dumps(
        {"payload": payload, "protected": protected, "signature": _encode(signature)}, indent=1
    )  # fmt: skip


def read_receipt(path: Path) -> Receipt:
    """Read a receipt and check its signature.

    Raises:
        UnreadableFile: missing, or no receipt.
        MissingExtra: c2pa-python is not installed.
    """
    with optional("cryptography", needs=NEEDS, install=INSTALL):
        from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 an extra

    signed = require(read_json(path, what=WHAT), _Signed, path, what=WHAT)
    try:
        payload, protected, signature = (
            _decode(part) for part in (signed.payload, signed.protected, signed.signature)
        )
        header = require(parse_json(protected, path, what=WHAT), _Header, path, what=WHAT)
        chain = tuple(load_der_x509_certificate(base64.b64decode(one)) for one in header.x5c)
    except ValueError as error:
        raise UnreadableFile(f"{path} is not a sound receipt: {error}") from error
    statement = require(parse_json(payload, path, what=WHAT), Statement, path, what=WHAT)
    genuine = _is_genuine(f"{signed.protected}.{signed.payload}".encode(), signature, header.alg, chain[0])
    return Receipt(statement, chain, genuine)


def _sign(message: bytes, identity: Identity) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 an extra
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415

    key, name = identity.key, HEADER_NAMES[identity.algorithm]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers = decode_dss_signature(key.sign(message, ec.ECDSA(_digest(name))))
        return b"".join(number.to_bytes(HALF[name], "big") for number in numbers)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, _pss(), _digest(name))
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return key.sign(message)


def _is_genuine(message: bytes, signature: bytes, name: str, certificate: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 an extra
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 the same
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415

    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 2 * HALF.get(name, 0):
            r, s = (int.from_bytes(half, "big") for half in _halves(signature))
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_digest(name)))
        elif isinstance(key, rsa.RSAPublicKey) and name == "PS256":
            key.verify(signature, message, _pss(), _digest(name))
        elif isinstance(key, ed25519.Ed25519PublicKey) and name == "EdDSA":
            key.verify(signature, message)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _halves(signature: bytes) -> tuple[bytes, bytes]:
    middle = len(signature) // 2
    return signature[:middle], signature[middle:]


def _digest(name: str) -> Any:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 an extra

    return {"384": hashes.SHA384, "512": hashes.SHA512}.get(name[2:], hashes.SHA256)()


def _pss() -> Any:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 an extra
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 the same

    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
