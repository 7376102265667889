"""`tratteggio register`: align scans of one painting on one grid, or stitch overlapping tiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tratteggio.cli.console import Console, Json, Overwrite, Quiet, White, conversation

if TYPE_CHECKING:
    from tratteggio.align import Residual


def register(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="REF MODALITY=FILE...", help="The reference scan, then other scans with their modality."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="NAME.ome.zarr or NAME.ome.tif. For a mosaic also .tif or .png."),
    ],
    max_error: Annotated[
        float, typer.Option(help="The largest mean residual, in pixels of REF. Above it, nothing is written.")
    ] = 2.0,
    mosaic: Annotated[
        bool, typer.Option("--mosaic", help="Stitch tiles of one modality: [MODALITY=]TILE TILE...")
    ] = False,
    pictures: Annotated[
        Path | None, typer.Option(help="A folder for overlay images and residual maps.")
    ] = None,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Align scans with the first scan, on its pixel grid, or stitch tiles. Each scan is resampled once.

    Transforms and residual maps are saved with the scans. The residual is measured at points that the fit
    did not use. Nothing is saved above --max-error. A scan that is aligned helps to align the next ones, so
    give the scans that are most similar to REF first.

    Example: tratteggio register REF.tif irr=IRR.tif xray=X.tif -o panel.ome.zarr --pictures looks/
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.files.outputs import require_outputs

        if pictures and not pictures.is_dir():
            raise BadUsage(f"{pictures} is not a folder; create it first")
        named = _named(sources)
        first, *others = [name for name, _ in named]
        shown = {first or "irr"} if mosaic else {name for name in others if name}
        require_outputs(
            [*_saved(output, mosaic=mosaic), *_looks(pictures, shown, mosaic=mosaic)],
            inputs=[file for _, file in named], overwrite=overwrite,
        )  # fmt: skip
        work = _mosaic if mosaic else _register
        work(console, sources, output, max_error, pictures, white)


def _saved(output: Path, *, mosaic: bool) -> list[Path]:
    """List the files of the output: a mosaic that is a picture has a history beside it."""
    from tratteggio import files
    from tratteggio.files.stacks import has_stack_suffix

    return [output] if has_stack_suffix(output) or not mosaic else [output, files.sidecar(output, "history")]


def _looks(pictures: Path | None, shown: set[str], *, mosaic: bool) -> list[Path]:
    """List the pictures to look at."""
    kinds = ("residual",) if mosaic else ("overlay", "residual")
    return [pictures / f"{name}.{kind}.png" for name in sorted(shown) for kind in kinds] if pictures else []


def _register(
    console: Console,
    sources: list[str],
    output: Path,
    max_error: float,
    pictures: Path | None,
    white: float | None,
) -> None:
    """Bring scans onto the grid of the first."""
    from tratteggio import files
    from tratteggio.align import overlay, register, residual_picture
    from tratteggio.files.stacks import require_stack_suffix
    from tratteggio.files.watch import Watch
    from tratteggio.files.white import note_range

    require_stack_suffix(output)
    (shown, file), *named = _named(sources)
    places = _by_modality(named)
    watch = Watch([file, *places.values()])
    reference = files.read(file, modality=shown or "rgb", white=white)
    others = {name: files.read(path, modality=name, white=white) for name, path in places.items()}
    note_range(reference, *others.values())
    with console.progress(str(output)) as progress:
        found = register(reference, others, modality=shown or "rgb", max_error=max_error)
        found.save(output, progress=progress, before=lambda _: watch.check())
    stack, registrations = found.stack, found.registrations
    if pictures:
        for name, registration in registrations.items():
            files.write(overlay(stack.scans[0], stack[name]), pictures / f"{name}.overlay.png")
            files.write(
                residual_picture(registration.residual, stack.scans[0]), pictures / f"{name}.residual.png"
            )
    figures = {name: registration.residual.figures() for name, registration in registrations.items()}
    rows, cols = stack.grid
    lines = [f"Wrote {output}: {', '.join(stack)} on one grid of {rows:,} rows x {cols:,} columns."]
    lines += [f"{name}: {_told(registrations[name].residual)}" for name in registrations]
    console.result({"output": str(output), "grid": list(stack.grid), "residual": figures}, "\n".join(lines))


def _mosaic(
    console: Console,
    sources: list[str],
    output: Path,
    max_error: float,
    pictures: Path | None,
    white: float | None,
) -> None:
    """Stitch tiles."""
    from tratteggio import files
    from tratteggio.align import mosaic, residual_picture
    from tratteggio.align.register import require_modality
    from tratteggio.errors import BadUsage
    from tratteggio.files.stacks import has_stack_suffix
    from tratteggio.files.watch import Watch
    from tratteggio.files.white import note_range

    named = _named(sources)
    modality = named[0][0] or "irr"
    if any(name not in (None, modality) for name, _ in named):
        raise BadUsage("the tiles of a mosaic have one modality; name it once, before the first tile")
    require_modality(modality)
    if not has_stack_suffix(output):
        files.require_scan_writable(output)
    watch = Watch(tile for _, tile in named)
    tiles = [files.read(tile, modality=modality, white=white) for _, tile in named]
    note_range(*tiles)
    found = mosaic(tiles, max_error=max_error)
    with console.progress(str(output)) as progress:
        found.save(output, progress=progress, before=lambda _: watch.check())
    if pictures:
        picture = residual_picture(found.residual, found.scan)
        files.write(picture, pictures / f"{modality}.residual.png")
    rows, cols = found.scan.grid
    console.result(
        {
            "output": str(output),
            "grid": [rows, cols],
            "overlaps": [list(pair) for pair in found.pairs],
            "residual": found.residual.figures(),
        },
        f"Wrote {output}: {len(named)} tiles, {len(found.pairs)} overlaps, "
        f"{rows:,} rows x {cols:,} columns.\n" + _told(found.residual),
    )


def _named(sources: list[str]) -> list[tuple[str | None, Path]]:
    """Read MODALITY=FILE, or a file alone; a file whose name holds "=" is taken as it is."""
    from tratteggio.options import pair

    parts: list[tuple[str | None, Path]] = []
    for source in sources:
        if "=" not in source or Path(source).exists():
            parts.append((None, Path(source)))
        else:
            name, file = pair(source, form="a scan is MODALITY=FILE")
            parts.append((name, Path(file)))
    return parts


def _by_modality(named: list[tuple[str | None, Path]]) -> dict[str, Path]:
    from tratteggio.errors import BadUsage

    others: dict[str, Path] = {}
    for name, file in named:
        if name is None:
            raise BadUsage(
                f"name the modality of {file}, for example irr={file} (rgb, irr, xray, uvf, rgb_before, ...)"
            )
        if name in others:
            raise BadUsage(
                f"two scans have modality {name!r}: {others[name]} and {file}; give each modality once"
            )
        others[name] = file
    return others


def _told(residual: Residual) -> str:
    return (
        f"mean residual {residual.mean:.2f} px, 95th percentile {residual.p95:.2f} px, "
        f"measured at {residual.share:.0%} of the held-out points"
    )
