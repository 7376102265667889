"""`tratteggio verify`: prove that the known paint is unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tratteggio.cli.console import Json, MaskOrientation, Quiet, conversation
from tratteggio.cli.folders import is_folder, list_proposals, work_through

if TYPE_CHECKING:
    from tratteggio.credentials import Signature


def verify(
    proposal: Annotated[
        Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote, or a folder of them.")
    ],
    source: Annotated[Path | None, typer.Option(help="The original scan, if it was moved.")] = None,
    mask: Annotated[
        Path | None, typer.Option(help="A mask of the lacunae. Default: the mask saved beside OUT.")
    ] = None,
    mask_orientation: MaskOrientation = None,
    trusted: Annotated[
        Path | None,
        typer.Option(help="Certificates (PEM) that you trust, for proposals that are signed."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prove that every pixel outside the lacunae equals the source. Exit code 4: a pixel differs.

    If the file is signed, `verify` names the signer and shows whether it was changed since. If it was, the
    exit code is 4, too. Of a signed picture that is no
    proposal, or comes without its history, only the signature is checked.

    Of a folder, all proposals are verified: one line for each, then a summary.

    Example: tratteggio verify proposal.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage, VerificationFailed
        from tratteggio.evaluation import Verification
        from tratteggio.evaluation import verify as prove

        def prove_one(file: Path) -> Verification:
            with console.progress("comparing") as progress:
                return prove(
                    file, source=source, lost=mask, mask_orientation=mask_orientation, trusted=trusted,
                    progress=progress,
                )  # fmt: skip

        def work(file: Path) -> tuple[dict[str, Any], str]:
            proof = prove_one(file)
            if not proof.passed:
                raise VerificationFailed(f"{file}: {proof.why}")
            return {"output": str(file), **proof.as_dict()}, f"{file}: {proof.result}"

        if is_folder(proposal):
            if source or mask:
                raise BadUsage(f"{proposal} is a folder; --source and --mask are for one proposal")
            work_through(console, proposal, list_proposals(proposal), work, done="verified")
            return
        if source is None and mask is None and (signature := _alone(proposal, trusted)):
            values = {"passed": signature.passed, "signature": signature.as_dict()}
            console.result({"output": str(proposal), **values}, f"{proposal}: {signature.as_text()}")
            if not signature.passed:
                raise VerificationFailed(f"{proposal}: {signature.why}")
            return
        proof = prove_one(proposal)
        console.result({"output": str(proposal), **proof.as_dict()}, proof.as_text())
        if not proof.passed:
            raise VerificationFailed(f"{proposal}: {proof.why}")


def _alone(picture: Path, trusted: Path | None) -> Signature | None:
    """Check the signature of a picture that is no proposal here; None if it is one, or is not signed."""
    from tratteggio.credentials import read_signature
    from tratteggio.files import read_history, sidecar

    history = sidecar(picture, "history")
    if not picture.is_file() or (history.exists() and "engine" in read_history(history)):
        return None
    return read_signature(picture, trusted=trusted)
