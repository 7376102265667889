"""`tratteggio enhance`: a scan seen through a chain of filters, or through an enhancer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation
from tratteggio.cli.speech import say


def _list(asked: bool) -> None:
    if asked:
        from tratteggio.filters.chain import catalogue
        from tratteggio.treatment import listed

        for option, entries in (("op", catalogue()), ("with", listed("enhancers"))):
            for words, meaning in entries:
                say(f"--{option} {words}\n    {meaning}")
        raise typer.Exit


def enhance(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A scan, one scan of an OME-Zarr or OME-TIFF, a folder with a painting.toml.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file (.tif .png .jpg).")],
    op: Annotated[
        list[str] | None,
        typer.Option(help="A filter, NAME:OPTION=VALUE,OPTION=VALUE; repeat it for a chain, in order."),
    ] = None,
    enhancer: Annotated[
        str | None,
        typer.Option("--with", help="In place of filters an enhancer, NAME:OPTION=VALUE,OPTION=VALUE."),
    ] = None,
    device: Annotated[str, typer.Option(help="Of an enhancer: auto, cpu or cuda.")] = "auto",
    strip: Annotated[
        Path | None,
        typer.Option(help="Also a picture of the result from near to far (1, 1/2, 1/4, 1/8), for hybrids."),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(help="Pixels a side that filters compute at a time; never changes the result."),
    ] = None,
    listed: Annotated[  # noqa: ARG001 its callback answers
        bool,
        typer.Option(
            "--list", callback=_list, is_eager=True, help="List filters and enhancers with their options."
        ),
    ] = False,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See a scan of any size through filters or an enhancer; depth, profile, metadata and alpha are kept.

    What comes out is a hypothesis: beside it lies its history, with every step and option, in order.

    Example: tratteggio enhance panel.tif -o edges.tif --op gaussian:sigma=2 --op sobel

    Example: tratteggio enhance panel.tif -o twice.tif --with superres:scale=2
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio import files
        from tratteggio.files.outputs import require_outputs
        from tratteggio.filters import strip as stripped
        from tratteggio.treatment import enhance_file
        from tratteggio.treatment.planning import input_files

        if strip:
            files.require_scan_writable(strip)
            outputs = [output, files.sidecar(output, "history"), strip]
            require_outputs(outputs, inputs=input_files(source), overwrite=overwrite)
        with console.progress(source.name) as progress:
            history = enhance_file(
                source, output, op or (), enhancer=enhancer, device=device, tile=tile, white=white,
                overwrite=overwrite, progress=progress,
            )  # fmt: skip
        if strip:
            files.write(stripped(files.overview(files.read(output), longest=1024)), strip)
        made = [str(path) for path in (output, strip) if path]
        console.result(
            {"output": made, "history": history}, f"{', '.join(made)}: a hypothesis, by {history['chain']}"
        )
