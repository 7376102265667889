"""`tratteggio verify`: prove that the known paint is unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, MaskOrientation, Quiet, conversation


def verify(
    proposal: Annotated[Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote.")],
    source: Annotated[Path | None, typer.Option(help="The original scan, if it was moved.")] = None,
    mask: Annotated[
        Path | None, typer.Option(help="A mask of the lacunae. Default: the mask saved beside OUT.")
    ] = None,
    mask_orientation: MaskOrientation = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prove that every pixel outside the lacunae equals the source. Exit code 4: a pixel differs.

    Example: tratteggio verify proposal.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import VerificationFailed
        from tratteggio.evaluation import verify as prove

        with console.progress("comparing") as progress:
            proof = prove(
                proposal, source=source, lost=mask, mask_orientation=mask_orientation, progress=progress
            )
        console.result({"output": str(proposal), **proof.as_dict()}, proof.as_text())
        if not proof.passed:
            raise VerificationFailed(f"{proposal}: {proof.why}")
