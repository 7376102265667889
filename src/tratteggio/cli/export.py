"""`tratteggio export`: a stack or a proposal in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, conversation


def export(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A scan, an OME-Zarr or a folder with a painting.toml. For ora: a proposal.",
        ),
    ],
    to: Annotated[str, typer.Option(help="The format: ome-zarr, ome-tiff or ora.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write. Default: beside INPUT.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a stack as OME-Zarr or OME-TIFF, or the layers of a proposal as OpenRaster.

    Example: tratteggio export panel/ --to ome-zarr -o panel.ome.zarr
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.registry import unknown
        from tratteggio.treatment import export as write

        suffixes = _suffixes()
        if to not in suffixes:
            raise unknown("format", to, suffixes)
        target = output or _beside(source, suffixes[to])
        if not target.name.lower().endswith(suffixes[to]):
            raise BadUsage(f"{target}: a file of format {to} ends in {suffixes[to]}")
        with console.progress(target.name) as progress:
            write(source, target, overwrite=overwrite, progress=progress)
        console.result({"output": str(target)}, f"Wrote {target}.")


def _suffixes() -> dict[str, str]:
    """Return the usual suffix of each format that holds a stack or the layers of a proposal."""
    from tratteggio.files.kinds import formats, name_of
    from tratteggio.roles import ProposalWriter, StackWriter

    able = [*formats(StackWriter).values(), *formats(ProposalWriter).values()]
    return {name_of(one): one.FACTS.suffixes[0] for one in able}


def _beside(source: Path, suffix: str) -> Path:
    """Name an output after its input: its suffix, and the .ome before it, give way to another."""
    source = source.resolve() if not source.name else source  # "." and ".." have no name to build on
    plain_folder = source.is_dir() and source.suffix.lower() != ".zarr"
    stem = source.name if plain_folder else source.stem.removesuffix(".ome")
    return source.with_name(stem + suffix)
