"""`tratteggio verify`: prove that the known paint is unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tratteggio.cli.console import Json, MaskOrientation, Quiet, conversation
from tratteggio.cli.folders import is_folder, list_proposals, work_through


def verify(
    proposal: Annotated[
        Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote, or a folder of them.")
    ],
    source: Annotated[Path | None, typer.Option(help="The original scan, if it was moved.")] = None,
    mask: Annotated[
        Path | None, typer.Option(help="A mask of the lacunae. Default: the mask saved beside OUT.")
    ] = None,
    mask_orientation: MaskOrientation = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prove that every pixel outside the lacunae equals the source. Exit code 4: a pixel differs.

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
                    file, source=source, lost=mask, mask_orientation=mask_orientation, progress=progress
                )

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
        proof = prove_one(proposal)
        console.result({"output": str(proposal), **proof.as_dict()}, proof.as_text())
        if not proof.passed:
            raise VerificationFailed(f"{proposal}: {proof.why}")
