"""`tratteggio evaluate`: measure a result against a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, MaskOrientation, Quiet, Scheduler, White, conversation


def evaluate(
    reference: Annotated[Path, typer.Option(help="The undamaged painting.")],
    result: Annotated[Path, typer.Option(help="The proposal.")],
    mask: Annotated[
        Path | None, typer.Option(help="A mask of lacunae. Values are also computed inside them.")
    ] = None,
    mask_orientation: MaskOrientation = None,
    white: White = None,
    scheduler: Scheduler = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compute PSNR, SSIM and CIEDE2000, for the whole image and inside the lacunae.

    The command prints all parameters.

    Example: tratteggio evaluate --reference truth.tif --result proposal.tif --mask lost.png
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.evaluation import evaluate as measure

        with console.progress("measuring") as progress:
            scores = measure(
                reference, result, mask,
                mask_orientation=mask_orientation, white=white, progress=progress, scheduler=scheduler,
            )  # fmt: skip
        console.result(scores.as_dict(), scores.as_text())
