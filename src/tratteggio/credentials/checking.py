"""Who signed a picture, whether that signer is trusted here, and whether the picture was changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tratteggio import files
from tratteggio.credentials.actions import VENDOR
from tratteggio.credentials.identity import INSTALL, NEEDS, read_certificates, signer_name
from tratteggio.credentials.receipt import read_receipt
from tratteggio.errors import UnreadableFile
from tratteggio.extras import optional
from tratteggio.files.kinds import find_by_suffix
from tratteggio.roles import ScanWriter

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

# The box of a manifest store: its type, then the first bytes of the UUID of C2PA (C2PA 2.2, 11.1.4).
STORE = b"jumdc2pa"
MIMES = {"TIFF": "image/tiff", "PNG": "image/png", "JPEG": "image/jpeg"}  # by title of the format
BLOCK = 1 << 20  # bytes that are searched at a time
CREDENTIAL = "signingCredential."  # failures of these codes are about the signer, not about the picture


@dataclass(frozen=True)
class Signature:
    """What a signature says of a picture.

    Attributes:
        kind: "Content Credentials", in the picture itself, or "receipt", a file beside it.
        signer: common name and organization, as the certificate states them; "" if that cannot be read.
        trust: "trusted" if the certificate leads to one that the user trusts; "untrusted" if it does not,
            "expired" if it is no longer valid and no timestamp shows that it was.
        unchanged: True if the picture is as it was signed, to the last byte.
        signed: when, as a trusted timestamp or the receipt says; None if that is not stated.
        history_as_signed: whether the history beside the picture is the one that was signed; None if there is
            none, or the signature does not name it.
        problems: what else is wrong, in the words of the library.
    """

    kind: str
    signer: str
    trust: str
    unchanged: bool
    signed: str | None = None
    history_as_signed: bool | None = None
    problems: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"problems": list(self.problems)}

    def as_text(self) -> str:
        """Return two or three lines for people."""
        trust = {
            "trusted": "the certificate is trusted",
            "untrusted": "the certificate is not among those that you trust",
            "expired": "the certificate has expired",
        }[self.trust]
        when = f" on {self.signed}" if self.signed else ""
        lines = [f"signed{when} by {self.signer or 'an unknown signer'} ({self.kind}); {trust}"]
        lines.append("  the picture is as it was signed" if self.unchanged else f"  {self.why}")
        if self.history_as_signed is False:
            lines.append("  the history beside it was changed after the picture was signed")
        return "\n".join(lines)

    @property
    def passed(self) -> bool:
        """True if neither the picture nor its history was changed; whether to trust the signer is yours."""
        return self.unchanged and self.history_as_signed is not False

    @property
    def why(self) -> str:
        """What was changed, for a message."""
        if self.unchanged:
            return "its history was changed after it was signed"
        return "its bytes were changed after it was signed" + (
            f" ({'; '.join(self.problems)})" if self.problems else ""
        )


def read_signature(path: str | Path, *, trusted: str | Path | None = None) -> Signature | None:
    """Check the signature of a picture: Content Credentials in it, or else a receipt beside it.

    Nothing is fetched from a network.

    Args:
        path: TIFF, PNG or JPEG.
        trusted: certificates (PEM) that you trust, as those of your institution. None trusts nobody.

    Returns:
        the finding; None if the picture is not signed.

    Raises:
        UnreadableFile: the picture, the receipt or the certificates cannot be read.
        MissingExtra: there is a signature, and c2pa-python is not installed.
    """
    path = Path(path)
    anchors = () if trusted is None else read_certificates(Path(trusted))
    if has_credentials(path):
        return check_credentials(path, mime_of(path) or "", anchors)
    receipt = files.sidecar(path, "receipt")
    return _check_receipt(path, receipt, anchors) if receipt.exists() else None


def mime_of(path: Path) -> str | None:
    """Return the type of a file that can be signed, by its suffix; None if it cannot."""
    one = find_by_suffix(path, ScanWriter)
    return None if one is None else MIMES.get(one.FACTS.title)


def has_credentials(path: Path) -> bool:
    """True if a file of a kind that can be signed holds a manifest store of C2PA, sound or not."""
    if mime_of(path) is None:
        return False
    rest = b""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                if STORE in rest + block:
                    return True
                rest = block[1 - len(STORE) :]
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    return False


def settings(anchors: tuple[Certificate, ...] = ()) -> dict[str, Any]:
    """Return the settings of the library: no network, no thumbnails, and whom to trust."""
    trust: dict[str, Any] = {}
    if anchors:
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 an extra

        trust["user_anchors"] = b"".join(one.public_bytes(Encoding.PEM) for one in anchors).decode()
    return {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
        "trust": trust,
    }


def check_credentials(path: Path, mime: str, anchors: tuple[Certificate, ...] = ()) -> Signature:
    """Check the manifest store in a file.

    Args:
        path: the file.
        mime: of the file, as `mime_of` gives it.
        anchors: certificates that are trusted.

    Raises:
        MissingExtra: c2pa-python is not installed.
    """
    with optional("c2pa", needs=NEEDS, install=INSTALL):
        import c2pa  # noqa: PLC0415 an extra

    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(settings(anchors))) as context,
            path.open("rb") as file,
            c2pa.Reader(mime, file, context=context) as reader,
        ):
            found = json.loads(reader.json())
    except c2pa.C2paError as error:  # the store itself is damaged
        problem = str(error).splitlines()[0][:200]
        return Signature("Content Credentials", "", "untrusted", False, problems=(problem,))
    return _understand(path, found)


def _understand(path: Path, found: Mapping[str, Any]) -> Signature:
    """Turn what the library reports into a finding."""
    manifest = found["manifests"][found["active_manifest"]]
    info = manifest.get("signature_info", {})
    results = found["validation_results"]["activeManifest"]
    failures = [one["code"] for one in results["failure"]]
    about_signer = [code for code in failures if code.startswith(CREDENTIAL)]
    others = tuple(code for code in failures if not code.startswith(CREDENTIAL))
    trust = "untrusted" if about_signer else "trusted"
    if any(code.endswith(("expired", "outsideValidity")) for code in failures):
        trust = "expired"
    signed = _stated_history(manifest)
    return Signature(
        "Content Credentials",
        ", ".join(filter(None, (info.get("common_name"), info.get("issuer")))),
        trust,
        not others,
        signed=info.get("time"),
        history_as_signed=None if signed is None else _is_history(path, signed),
        problems=others,
    )


def _stated_history(manifest: Mapping[str, Any]) -> str | None:
    """Return the hash of the history that the actions name."""
    for assertion in manifest.get("assertions", ()):
        for action in assertion.get("data", {}).get("actions", ()):
            stated = action.get("parameters", {}).get(f"{VENDOR}.history_sha256")
            if stated is not None:
                return str(stated)
    return None


def _is_history(path: Path, stated: str) -> bool | None:
    history = files.sidecar(path, "history")
    return files.sha256(history) == stated if history.exists() else None


def _check_receipt(path: Path, beside: Path, anchors: tuple[Certificate, ...]) -> Signature:
    receipt = read_receipt(beside)
    statement = receipt.statement
    problems = [] if receipt.genuine else [f"the signature of {beside.name} is not that of its certificate"]
    if files.sha256(path) != statement.file_sha256:
        try:
            same = files.sha256_pixels(files.read(path).pixels) == statement.samples_sha256
        except UnreadableFile as error:
            same, unread = False, str(error)
            problems.append(unread)
        else:
            problems += ["its samples are the same"] if same else ["samples differ"]
    return Signature(
        "receipt",
        signer_name(receipt.chain[0]),
        _trust(receipt.chain, anchors),
        not problems,
        signed=statement.signed[:40],
        history_as_signed=_is_history(path, statement.history_sha256),
        problems=tuple(problems),
    )


def _trust(chain: tuple[Certificate, ...], anchors: tuple[Certificate, ...]) -> str:
    """Tell whether a chain leads, link by link, to a certificate that is trusted."""
    now = datetime.now(UTC)
    if not chain[0].not_valid_before_utc <= now <= chain[0].not_valid_after_utc:
        return "expired"
    for place, certificate in enumerate(chain):
        if certificate in anchors or any(_issued(certificate, anchor) for anchor in anchors):
            return "trusted"
        if place + 1 == len(chain) or not _issued(certificate, chain[place + 1]):
            break
    return "untrusted"


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 an extra
    from cryptography.x509 import BasicConstraints, ExtensionNotFound  # noqa: PLC0415 the same

    try:
        certificate.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, ExtensionNotFound):
        return False
