"""`tratteggio detect`: find damage in a painting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Quiet, conversation


def _list(asked: bool) -> None:
    if asked:
        from tratteggio.treatment import detectors

        for words, meaning in detectors():
            typer.echo(f"--kind {words}\n    {meaning}")
        raise typer.Exit


def detect(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="A scan, an OME-Zarr or OME-TIFF, a folder with a painting.toml."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The mask, white = lost (.png .tif).")],
    kind: Annotated[
        str, typer.Option(help="What finds it: a detector, NAME:OPTION=VALUE,OPTION=VALUE.")
    ] = "tophat",
    threshold: Annotated[
        float | None, typer.Option(help="Strengths from here on are damage, 0 .. 1; default: as advised.")
    ] = None,
    strength: Annotated[
        Path | None, typer.Option(help="Also write how likely damage is, 255 = 1 (.png .tif).")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bits.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    listed: Annotated[  # noqa: ARG001 its callback answers
        bool, typer.Option("--list", callback=_list, is_eager=True, help="List detectors with their options.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find damage in a painting of any size; what is found is a hypothesis, to be looked over.

    The mask is what `inpaint --mask` takes; beside it lies its history.

    Example: tratteggio detect panel.tif -o cracks.png --kind tophat:side=both
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.treatment import detect_file

        with console.progress(source.name) as progress:
            history = detect_file(
                source, output, kind=kind, threshold=threshold, strength=strength, seed=seed, device=device,
                progress=progress,
            )  # fmt: skip
        made = [str(path) for path in (output, strength) if path]
        found = history["detector"]
        console.result(
            {"output": made, "history": history},
            f"{', '.join(made)}: {history['found_px']} pixels held for {found['damage']} by {found['name']} "
            f"({history['found_share']:.2%} of the area); look them over before anything is filled",
        )
