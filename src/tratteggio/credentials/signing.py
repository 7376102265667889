"""Sign a picture that was made here, with the user's own certificate.

Nothing is signed unless it is asked for. A signature says who answers for a picture and that it is unchanged;
it says nothing of its quality.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tratteggio import files
from tratteggio.credentials.actions import PARENT, actions_of, parent_of
from tratteggio.credentials.checking import check_credentials, has_credentials, mime_of, settings
from tratteggio.credentials.identity import INSTALL, NEEDS, Identity, load_identity
from tratteggio.credentials.receipt import sign_statement, state
from tratteggio.errors import BadUsage, UnreadableFile, UnwritableFile
from tratteggio.extras import optional
from tratteggio.files.beside import beside
from tratteggio.files.outputs import require_outputs
from tratteggio.names import followed
from tratteggio.version import __version__

# The library holds a file in memory: one of 255 MiB took 0.9 GB in all (`benchmarks/provenance.py`).
MOST_BYTES = 256 << 20


class Signed(NamedTuple):
    """What was signed.

    Attributes:
        file: what holds the signature: the picture itself, or the receipt beside it.
        signer: as the certificate states it.
        receipt: why a receipt was written; "" if the picture itself is signed.
    """

    file: Path
    signer: str
    receipt: str = ""


def sign(
    picture: str | Path,
    *,
    certificate: str | Path,
    key: str | Path,
    passphrase: str | None = None,
    timestamp_url: str | None = None,
    overwrite: bool = False,
) -> Signed:
    """Sign a proposal or an enhanced picture with Content Credentials (C2PA).

    The file is written anew with the same samples. It names the source, what was done to it, and the history
    beside it by its hash. If it is signed already, the former credentials are kept as its ingredient. A file
    of more than 256 MiB, or of several pages, is not touched: a signed receipt is written beside it.

    Args:
        picture: TIFF, PNG or JPEG, with its history beside it.
        certificate: PEM, the signer's first, then those that issued it.
        key: the private key, PEM.
        passphrase: of an encrypted key.
        timestamp_url: of a time-stamping authority (RFC 3161), which is then asked over the network; None
            asks nobody.
        overwrite: replace a receipt that is there already.

    Raises:
        BadUsage: another kind of file, a picture without a history, a certificate that is not valid now or
            that C2PA does not take, a key that does not fit, or a timestamp for a receipt.
        UnreadableFile: a file is missing or damaged; or the picture was changed after it was signed before.
        UnsafeOutput: a receipt is there already.
        UnwritableFile: no permission, no space. The picture is as it was.
        MissingExtra: c2pa-python is not installed.
    """
    path = followed(Path(picture))
    history = _require_picture(path)
    if timestamp_url is not None and urlsplit(timestamp_url).scheme not in ("http", "https"):
        raise BadUsage(
            f"timestamp_url must be an address that begins with https://, got {timestamp_url}",
            option="timestamp_url",
        )
    identity = load_identity(Path(certificate), Path(key), passphrase=passphrase)
    reason = _why_receipt(path)
    if not reason:
        _sign_inside(path, history, identity, timestamp_url)
        return Signed(path, identity.name)
    if timestamp_url is not None:
        raise BadUsage(f"{path} gets a receipt, because {reason}; a receipt takes no timestamp, so omit it")
    receipt = files.sidecar(path, "receipt")
    require_outputs([receipt], inputs=[path], overwrite=overwrite)
    text = sign_statement(state(path, files.sidecar(path, "history")), identity)
    with beside([receipt]) as [temporary]:
        temporary.write_text(text + "\n", encoding="utf-8")
    return Signed(receipt, identity.name, reason)


def _require_picture(path: Path) -> dict[str, Any]:
    """Return the history of a picture that can be signed; refuse all others before the work."""
    if mime_of(path) is None:
        raise BadUsage(f"{path}: TIFF, PNG and JPEG can be signed, got {path.suffix or 'no suffix'}")
    if not path.is_file():
        raise UnreadableFile(f"{path} is not there")
    beside_it = files.sidecar(path, "history")
    if not beside_it.exists():
        raise BadUsage(
            f"{path} has no history beside it ({beside_it.name}); only pictures that tratteggio made can be "
            "signed, not scans"
        )
    history = files.read_history(beside_it)
    if "engine" not in history and "hypothesis" not in history:
        raise BadUsage(f"{path} is neither a proposal nor an enhanced picture, so there is nothing to sign")
    if not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK):
        raise UnwritableFile(f"{path} is write-protected; allow writing, then sign it")
    return history


def _why_receipt(path: Path) -> str:
    """Return why a picture gets a receipt instead of credentials inside; "" if it does not."""
    if path.stat().st_size > MOST_BYTES:
        return f"the file is larger than {MOST_BYTES >> 20} MiB"
    if mime_of(path) == "image/tiff" and _pages(path) > 1:
        # c2pa-rs keeps the first page only (its issue 1894), so that the file would be damaged.
        return "the TIFF has several pages"
    return ""


def _pages(path: Path) -> int:
    import tifffile  # noqa: PLC0415 brings the codecs

    from tratteggio.files.untrusted import untrusted  # noqa: PLC0415 only here

    with untrusted(path, what="TIFF"), tifffile.TiffFile(path) as tiff:
        return len(tiff.pages)


def _sign_inside(
    path: Path, history: dict[str, Any], identity: Identity, timestamp_url: str | None
) -> None:  # fmt: skip
    """Write a picture anew with its credentials, and let it take its place once it proved to be the same."""
    with optional("c2pa", needs=NEEDS, install=INSTALL):
        import c2pa  # noqa: PLC0415 an extra

    mime, again = mime_of(path) or "", has_credentials(path)
    if again and not (found := check_credentials(path, mime)).unchanged:
        raise UnreadableFile(f"{path} is signed already, but {found.why}; make it again, then sign it")
    samples = files.sha256_pixels(files.read(path).pixels)
    manifest = _manifest(path, history, again=again)
    info = c2pa.C2paSignerInfo(
        identity.algorithm, identity.chain_pem(), identity.key_pem(), timestamp_url
    )  # fmt: skip
    content = io.BytesIO(path.read_bytes())  # of at most `MOST_BYTES`
    signed = io.BytesIO()
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(settings())) as context,
            c2pa.Builder(manifest, context=context) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            if again:
                parent = {"label": PARENT, "relationship": "parentOf", "title": path.name}
                builder.add_ingredient(parent, mime, content)
                content.seek(0)
            builder.sign(signer, mime, content, signed)
    except c2pa.C2paError as error:
        raise _explain(error, path, timestamp_url) from error
    with beside([path], before=lambda made: _require_same(made[0], path, mime, samples)) as [temporary]:
        temporary.write_bytes(signed.getbuffer())


def _manifest(path: Path, history: dict[str, Any], *, again: bool) -> dict[str, Any]:
    """Return the definition of a manifest. A picture that is signed again was opened and not edited."""
    actions = actions_of(history, history_sha256=files.sha256(files.sidecar(path, "history")))
    return {
        "claim_generator_info": [{"name": "tratteggio", "version": __version__}],
        "title": path.name,
        "ingredients": [] if again else [parent_of(history)],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions[:1] if again else actions}}],
    }


def _require_same(made: Path, path: Path, mime: str, samples: str) -> None:
    """Make sure that the signed file is sound and holds the same samples, before it takes its place.

    Raises:
        UnwritableFile: it is not.
    """
    if files.sha256_pixels(files.read(made).pixels) != samples:
        raise UnwritableFile(f"{path} could not be signed: its samples would change; it is as it was")
    found = check_credentials(made, mime)
    if not found.unchanged:
        raise UnwritableFile(f"{path} could not be signed: {', '.join(found.problems)}; it is as it was")


def _explain(error: Exception, path: Path, timestamp_url: str | None) -> Exception:
    """Return an error of ours for one of the library."""
    detail = str(error).splitlines()[0][:200]
    low = detail.lower()
    if timestamp_url is not None and any(word in low for word in ("timestamp", "time stamp", "http", "tsa")):
        return UnreadableFile(
            f"{timestamp_url} gave no timestamp ({detail}); {path} is as it was. Try again, or sign without"
        )
    if "cert" in low or "credential" in low or "signature" in low:
        return BadUsage(
            f"C2PA does not take this certificate ({detail}). It needs one that another issued, with the key "
            "usage for digital signatures and an extended key usage such as emailProtection"
        )
    return UnreadableFile(f"{path} could not be signed ({detail}); it is as it was")
