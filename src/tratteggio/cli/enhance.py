"""`tratteggio enhance`: apply a chain of filters, or an enhancer, to a scan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, Scheduler, White, conversation
from tratteggio.cli.speech import say


def _list(asked: bool) -> None:
    if asked:
        from tratteggio.filters.chain import catalogue
        from tratteggio.treatment import list_available

        for option, entries in (("op", catalogue()), ("with", list_available("enhancers"))):
            for words, meaning in entries:
                say(f"--{option} {words}\n    {meaning}")
        raise typer.Exit


def enhance(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A scan, one scan of an OME-Zarr or OME-TIFF, or a folder with a painting.toml.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write (.tif .png .jpg).")],
    op: Annotated[
        list[str] | None,
        typer.Option(
            help="A filter, as NAME:OPTION=VALUE,OPTION=VALUE. Repeat it to apply several in order."
        ),
    ] = None,
    enhancer: Annotated[
        str | None,
        typer.Option("--with", help="An enhancer instead of filters, as NAME:OPTION=VALUE,OPTION=VALUE."),
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(help="Colour a grey scan from this picture of its size: dots or strokes in colour."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Colour a grey scan like this picture, for example a sister painting."),
    ] = None,
    device: Annotated[str, typer.Option(help="Device of an enhancer: auto, cpu or cuda.")] = "auto",
    strip: Annotated[
        Path | None,
        typer.Option(
            help="Also write an image with the result at sizes 1, 1/2, 1/4 and 1/8. Useful for hybrid images."
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(help="Side of a tile in pixels, for filters. It never changes the result."),
    ] = None,
    listed: Annotated[  # noqa: ARG001 its callback answers
        bool,
        typer.Option(
            "--list", callback=_list, is_eager=True, help="List filters and enhancers with their options."
        ),
    ] = False,
    white: White = None,
    scheduler: Scheduler = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Apply filters or an enhancer to a scan of any size. Depth, profile, metadata and alpha are kept.

    A history beside the output lists every step with its options. The output of an enhancer is a hypothesis.

    Example: tratteggio enhance panel.tif -o edges.tif --op gaussian:sigma=2 --op sobel

    Example: tratteggio enhance panel.tif -o twice.tif --with superres:scale=2

    Example: tratteggio enhance grey.tif -o coloured.tif --with colorize --hints strokes.png
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
        enhancer = _with_colours(enhancer, {"hints": hints, "reference": reference})
        with console.progress(source.name) as progress:
            history = enhance_file(
                source, output, op or (), enhancer=enhancer, device=device, tile=tile, white=white,
                overwrite=overwrite, progress=progress, scheduler=scheduler,
            )  # fmt: skip
        if strip:
            files.write(stripped(files.overview(files.read(output), longest=1024)), strip)
        made = [str(path) for path in (output, strip) if path]
        console.result(
            {"output": made, "history": history}, f"Wrote {', '.join(made)} ({_chain(history['chain'])})."
        )


def _with_colours(enhancer: str | None, given: dict[str, Path | None]) -> str | None:
    """Add --hints and --reference to the words of the enhancer, which is colorize unless stated.

    Raises:
        BadUsage: another enhancer was stated.
    """
    from tratteggio.errors import BadUsage

    words = ",".join(f"{name}={path}" for name, path in given.items() if path is not None)
    if not words:
        return enhancer
    name, colon, stated = (enhancer or "colorize").partition(":")
    if name != "colorize":
        raise BadUsage(f"hints and a reference are for colorize, not for {name}; omit them")
    return f"{name}:{stated},{words}" if colon else f"{name}:{words}"


def _chain(words: str) -> str:
    """List the filters of a chain, or name the enhancer, without the dashes of the command line."""
    return words.removeprefix("--with ").removeprefix("--op ").replace(" --op ", ", ")
