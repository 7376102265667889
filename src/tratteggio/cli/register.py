"""`tratteggio register`: align scans of one painting on one grid, or stitch overlapping tiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tratteggio.cli.console import Console, Json, Overwrite, Quiet, White, conversation

if TYPE_CHECKING:
    from tratteggio.align import Residual
    from tratteggio.files.watch import Watch
    from tratteggio.painting import Scan


class Job(NamedTuple):
    """What the command line asks for.

    Attributes:
        named: modality, or None, and file of each scan, in order.
        output: the file to write.
        max_error: the largest mean residual, in pixels.
        pictures: a folder for images to look at, or None.
        white: the sample value of white, or None.
    """

    named: list[tuple[str | None, Path]]
    output: Path
    max_error: float
    pictures: Path | None
    white: float | None


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
        named = _parse_sources(sources)
        first, *others = [name for name, _ in named]
        shown = {first or "irr"} if mosaic else {name for name in others if name}
        require_outputs(
            [*_list_outputs(output, mosaic=mosaic), *_list_pictures(pictures, shown, mosaic=mosaic)],
            inputs=[file for _, file in named], overwrite=overwrite,
        )  # fmt: skip
        work = _mosaic if mosaic else _register
        work(console, Job(named, output, max_error, pictures, white))


def _list_outputs(output: Path, *, mosaic: bool) -> list[Path]:
    """List the files of the output: a mosaic that is a picture has a history beside it."""
    from tratteggio import files
    from tratteggio.files.stacks import has_stack_suffix

    return [output] if has_stack_suffix(output) or not mosaic else [output, files.sidecar(output, "history")]


def _list_pictures(pictures: Path | None, shown: set[str], *, mosaic: bool) -> list[Path]:
    """List the images to look at."""
    kinds = ("residual",) if mosaic else ("overlay", "residual")
    return [pictures / f"{name}.{kind}.png" for name in sorted(shown) for kind in kinds] if pictures else []


def _register(console: Console, job: Job) -> None:
    """Align scans with the first one."""
    from tratteggio import files
    from tratteggio.align import overlay, register, residual_picture
    from tratteggio.files.stacks import require_stack_suffix

    require_stack_suffix(job.output)
    (first, file), *named = job.named
    modality = first or "rgb"
    watch, (reference, *others) = _read([(modality, file), *_by_modality(named).items()], job)
    with console.progress(str(job.output)) as progress:
        found = register(
            reference, {scan.modality: scan for scan in others}, modality=modality, max_error=job.max_error
        )
        found.save(job.output, progress=progress, before=lambda _: watch.check())
    stack, registrations = found.stack, found.registrations
    if job.pictures:
        for name, registration in registrations.items():
            files.write(overlay(stack.scans[0], stack[name]), job.pictures / f"{name}.overlay.png")
            residual = residual_picture(registration.residual, stack.scans[0])
            files.write(residual, job.pictures / f"{name}.residual.png")
    figures = {name: registration.residual.figures() for name, registration in registrations.items()}
    rows, cols = stack.grid
    lines = [f"Wrote {job.output}: {', '.join(stack)} on one grid of {rows:,} rows x {cols:,} columns."]
    lines += [f"{name}: {_describe(registrations[name].residual)}" for name in registrations]
    console.result(
        {"output": str(job.output), "grid": list(stack.grid), "residual": figures}, "\n".join(lines)
    )


def _mosaic(console: Console, job: Job) -> None:
    """Stitch tiles."""
    from tratteggio import files
    from tratteggio.align import mosaic, residual_picture
    from tratteggio.align.register import require_modality
    from tratteggio.errors import BadUsage
    from tratteggio.files.stacks import has_stack_suffix

    modality = job.named[0][0] or "irr"
    if any(name not in (None, modality) for name, _ in job.named):
        raise BadUsage("the tiles of a mosaic have one modality; name it once, before the first tile")
    require_modality(modality)
    if not has_stack_suffix(job.output):
        files.require_scan_writable(job.output)
    watch, tiles = _read([(modality, tile) for _, tile in job.named], job)
    with console.progress(str(job.output)) as progress:
        found = mosaic(tiles, max_error=job.max_error)
        found.save(job.output, progress=progress, before=lambda _: watch.check())
    if job.pictures:
        residual = residual_picture(found.residual, found.scan)
        files.write(residual, job.pictures / f"{modality}.residual.png")
    rows, cols = found.scan.grid
    console.result(
        {
            "output": str(job.output),
            "grid": [rows, cols],
            "overlaps": [list(pair) for pair in found.pairs],
            "residual": found.residual.figures(),
        },
        f"Wrote {job.output}: {len(tiles)} tiles, {len(found.pairs)} overlaps, "
        f"{rows:,} rows x {cols:,} columns.\n" + _describe(found.residual),
    )


def _read(named: Sequence[tuple[str, Path]], job: Job) -> tuple[Watch, list[Scan]]:
    """Open the scans, and watch their files."""
    from tratteggio import files
    from tratteggio.files.watch import Watch
    from tratteggio.files.white import note_range

    watch = Watch(file for _, file in named)
    scans = [files.read(file, modality=name, white=job.white) for name, file in named]
    note_range(*scans)
    return watch, scans


def _parse_sources(sources: list[str]) -> list[tuple[str | None, Path]]:
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


def _describe(residual: Residual) -> str:
    return (
        f"mean residual {residual.mean:.2f} px, 95th percentile {residual.p95:.2f} px, "
        f"measured at {residual.share:.0%} of the held-out points"
    )
