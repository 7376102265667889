"""`tratteggio reproduce`: refill a published table beside the published figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Quiet, conversation


def reproduce(
    experiment: Annotated[
        str, typer.Argument(help="Which table, e.g. dunhuang; a name that is none lists all.")
    ],
    scale: Annotated[
        str, typer.Option(help="How much: smoke shows that it works, cpu is for two cores, gpu as published.")
    ] = "smoke",
    data: Annotated[
        Path | None, typer.Option(help="Folder of pictures; else ones that need no download.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write into; default: tratteggio-EXPERIMENT-SCALE."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew; what the folder holds is moved beside it.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Refill a published table; what is finished is kept, so that the same command again goes on.

    Example: tratteggio reproduce fills --scale cpu --data paintings/ -o out/fills
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio import experiments

        out = output or Path(f"tratteggio-{experiment}-{scale}")
        with console.progress(f"{experiment}, {scale}") as progress:
            report = experiments.reproduce(
                experiment, scale=scale, data=data, out=out, seed=seed, overwrite=overwrite,
                progress=progress,
            )  # fmt: skip
        console.result(
            report.as_dict(), f"{report.as_markdown()}\n{out / 'report.md'} and report.json hold this report"
        )
