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
            help="A scan, an OME-Zarr, a folder with a painting.toml, or a proposal. For iiif also a folder "
            "of paintings.",
        ),
    ],
    to: Annotated[str, typer.Option(help="The format: ome-zarr, ome-tiff, ora or iiif.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write. Default: beside INPUT.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="Of iiif: where the folder will be reached. Default: this machine, http://localhost:8000/NAME.",
            show_default=False,
        ),
    ] = None,
    rights: Annotated[
        str | None,
        typer.Option(help="Of iiif: the address of a Creative Commons licence or of a rightsstatements.org."),
    ] = None,
    statement: Annotated[
        str | None, typer.Option(help="Of iiif: what viewers must show, as the owner and a credit line.")
    ] = None,
    finish: Annotated[
        list[str] | None,
        typer.Option(help="Of iiif: show the proposal with this finish, too, as hatched. May be repeated."),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a stack as OME-Zarr or OME-TIFF, the layers of a proposal as OpenRaster, or a folder for the web.

    A folder for the web (IIIF) is opened by viewers such as Mirador; any web server can hand it out.

    Example: tratteggio export panel/ --to ome-zarr -o panel.ome.zarr
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.registry import unknown
        from tratteggio.treatment import PublishOptions, publish
        from tratteggio.treatment import export as write

        suffixes, published = _suffixes(), _published()
        if to not in suffixes:
            raise unknown("format", to, suffixes)
        target = output or _beside(source, suffixes[to])
        if not target.name.lower().endswith(suffixes[to]):
            raise BadUsage(f"{target}: a file of format {to} ends in {suffixes[to]}")
        if to not in published:
            given = {"--address": address, "--rights": rights, "--statement": statement, "--finish": finish}
            if words := [name for name, value in given.items() if value]:
                raise BadUsage(f"{' and '.join(words)}: only for {' or '.join(published)}, not for {to}")
            with console.progress(target.name) as progress:
                write(source, target, overwrite=overwrite, progress=progress)
            console.result({"output": str(target)}, f"Wrote {target}.")
            return
        options = PublishOptions(address, rights, statement, tuple(finish or ()))
        with console.progress(target.name) as progress:
            folders = publish(source, target, options=options, overwrite=overwrite, progress=progress)
        if address is None:
            console.note(
                f"the addresses in {target} are for viewing on this machine: run `python -m http.server` in "
                f"{target.resolve().parent}; to publish, give the address of your server with --address"
            )
        count = "" if folders == [target] else f" with {len(folders)} paintings"
        paintings = [str(folder) for folder in folders]
        console.result({"output": str(target), "paintings": paintings}, f"Wrote {target}{count}.")


def _suffixes() -> dict[str, str]:
    """Return the usual suffix of each format that a stack or a proposal is written in."""
    from tratteggio.files.kinds import formats, name_of
    from tratteggio.roles import ProposalWriter, StackWriter

    able = [*formats(StackWriter).values(), *formats(ProposalWriter).values()]
    return {name_of(one): one.FACTS.suffixes[0] for one in able} | _published()


def _published() -> dict[str, str]:
    """Return the suffix of each format in which paintings are published."""
    from tratteggio.files.kinds import formats, name_of
    from tratteggio.roles import Publisher

    return {name_of(one): one.FACTS.suffixes[0] for one in formats(Publisher).values()}


def _beside(source: Path, suffix: str) -> Path:
    """Name an output after its input: its suffix, and the .ome before it, give way to another."""
    source = source.resolve() if not source.name else source  # "." and ".." have no name to build on
    plain_folder = source.is_dir() and source.suffix.lower() != ".zarr"
    stem = source.name if plain_folder else source.stem.removesuffix(".ome")
    return source.with_name(stem + suffix)
