"""`tratteggio reproduce`: repeat a published experiment and compare the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Quiet, conversation


def reproduce(
    experiment: Annotated[
        str, typer.Argument(help="The experiment, for example dunhuang. An unknown name lists all.")
    ],
    scale: Annotated[
        str,
        typer.Option(
            help="The size: smoke tests that it runs, cpu is for two cores, gpu is the published size."
        ),
    ] = "smoke",
    data: Annotated[
        Path | None, typer.Option(help="A folder of images. Default: images that need no download.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder to write. Default: tratteggio-EXPERIMENT-SCALE."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The random seed.")] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start again. The old folder is renamed.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Repeat a published experiment. Finished parts are kept: run the same command again to resume.

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
        console.result(report.as_dict(), f"{report.as_text()}\n\nWrote {out / 'report.md'} and report.json.")
