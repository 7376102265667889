"""`tratteggio register`: align scans of one painting on one grid, or stitch overlapping tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tratteggio.cli import wording
from tratteggio.cli.console import Console, Json, Overwrite, Quiet, White, conversation

if TYPE_CHECKING:
    from tratteggio.align import Registration, Residual
    from tratteggio.files.watch import Watch
    from tratteggio.painting import Scan


class Job(NamedTuple):
    """What the command line asks for.

    Attributes:
        named: modality, or None, and file of each scan, in order.
        output: the file to write.
        max_error: the largest mean residual, in pixels.
        pictures: a folder for images to look at, or None.
        points: a CSV file of control points, or None.
        white: the sample value of white, or None.
    """

    named: list[tuple[str | None, Path]]
    output: Path
    max_error: float
    pictures: Path | None
    points: Path | None
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
        float, typer.Option(help="The largest mean residual, in pixels of REF. A scan above it is left out.")
    ] = 2.0,
    mosaic: Annotated[
        bool, typer.Option("--mosaic", help="Stitch tiles of one modality: [MODALITY=]TILE TILE...")
    ] = False,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="A folder for overlay images and residual maps. It is made if needed. Without it, the "
            "overlays are written beside the output."
        ),
    ] = None,
    points: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Control points for scans that contours do not align, at least 4 a scan. Each line: "
            "modality, column and row in REF, column and row in the scan.",
        ),
    ] = None,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Align scans with the first scan, on its pixel grid, or stitch tiles. Each scan is resampled once.

    Transforms and residual maps are saved with the scans. The residual is measured at points that the fit
    did not use. Scans that match are written; those that do not are named, and the exit code is 1. Mirrored
    and turned scans are found. Check the overlay images. A scan that is aligned helps to align the next
    ones, so give the scans that are most similar to REF first.

    Example: tratteggio register REF.tif irr=IRR.tif xray=X.tif -o panel.ome.zarr --pictures looks/
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.files.outputs import require_outputs

        if mosaic and points:
            raise BadUsage("control points are for scans of one painting; a mosaic takes none")
        named = _parse_sources(sources)
        first, *others = [name for name, _ in named]
        shown = {first or "irr"} if mosaic else {name for name in others if name}
        read = [*[file for _, file in named], *([points] if points else [])]
        with made_folder(pictures):
            images = _list_images(output, pictures, shown, mosaic=mosaic)
            outputs = [*_list_outputs(output, mosaic=mosaic), *images]
            require_outputs(outputs, inputs=read, overwrite=overwrite)
            work = _mosaic if mosaic else _register
            work(console, Job(named, output, max_error, pictures, points, white))


@contextmanager
def made_folder(folder: Path | None) -> Iterator[None]:
    """Make a folder for the work within; if nothing was put into a new one, it is gone again.

    Raises:
        UnwritableFile: the folder cannot be made.
    """
    from tratteggio.errors import UnwritableFile

    if folder is None or folder.is_dir():
        yield
        return
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UnwritableFile(f"the folder {folder} cannot be made: {error.strerror}") from None
    try:
        yield
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()


def _list_outputs(output: Path, *, mosaic: bool) -> list[Path]:
    """List the files of the output: a mosaic that is a picture has a history beside it."""
    from tratteggio import files
    from tratteggio.files.stacks import has_stack_suffix

    return [output] if has_stack_suffix(output) or not mosaic else [output, files.sidecar(output, "history")]


def _list_images(output: Path, pictures: Path | None, shown: set[str], *, mosaic: bool) -> list[Path]:
    """List the images to look at."""
    images = [] if mosaic else [_overlay_file(output, pictures, name) for name in sorted(shown)]
    return images + ([pictures / f"{name}.residual.png" for name in sorted(shown)] if pictures else [])


def _overlay_file(output: Path, pictures: Path | None, name: str) -> Path:
    """Name the overlay of a modality: in the folder of images, or beside the output."""
    file = f"{name}.overlay.png"
    return pictures / file if pictures else output.with_name(f"{output.name}.{file}")


def _register(console: Console, job: Job) -> None:
    """Align scans with the first one."""
    from tratteggio import files
    from tratteggio.align import overlay, register, residual_picture
    from tratteggio.files.stacks import require_stack_suffix

    require_stack_suffix(job.output)
    (first, file), *named = job.named
    modality = first or "rgb"
    watch, (reference, *others) = _read([(modality, file), *_by_modality(named).items()], job)
    with console.progress("aligning") as progress:
        found = register(
            reference,
            {scan.modality: scan for scan in others},
            modality=modality,
            max_error=job.max_error,
            points=job.points,
            keep_matching=True,
            progress=progress,
        )
    with console.progress(f"writing {job.output}") as progress:
        found.save(job.output, progress=progress, before=lambda _: watch.check())
    stack, registrations = found.stack, found.registrations
    overlays = {name: _overlay_file(job.output, job.pictures, name) for name in registrations}
    for name, registration in registrations.items():
        files.write(overlay(stack.scans[0], stack[name]), overlays[name])
        if job.pictures:
            residual = residual_picture(registration.residual, stack.scans[0])
            files.write(residual, job.pictures / f"{name}.residual.png")
    rows, cols = stack.grid
    lines = [f"Wrote {job.output}: {', '.join(stack)} on one grid of {rows:,} rows x {cols:,} columns."]
    lines += [f"{name}: {_describe_registration(one)}" for name, one in registrations.items()]
    lines += [f"Check {', '.join(map(str, overlays.values()))}: contours must continue across the squares."]
    console.result(
        {
            "output": str(job.output),
            "grid": list(stack.grid),
            "overlays": {name: str(path) for name, path in overlays.items()},
            "residual": {name: one.residual.figures() for name, one in registrations.items()},
            "method": {name: one.method for name, one in registrations.items()},
            "orientation": {name: one.describe_orientation() for name, one in registrations.items()},
            "not_registered": {name: wording.format_error(error) for name, error in found.failed.items()},
        },
        "\n".join(lines),
    )
    for name, error in found.failed.items():
        console.error(
            f"{name} is not in {job.output.name}: {wording.format_error(error)}", exit_code=error.exit_code
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
    with console.progress("aligning") as progress:
        found = mosaic(tiles, max_error=job.max_error, progress=progress)
    with console.progress(f"writing {job.output}") as progress:
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


def _describe_registration(registration: Registration) -> str:
    turned = registration.describe_orientation()
    words = f"{turned}; " if turned else ""
    if registration.method == "contours":
        return words + _describe(registration.residual)
    residual = registration.residual
    return (
        f"{words}{len(residual.places)} control points, mean residual {residual.mean:.2f} px, each point "
        "predicted from the others"
    )


def _describe(residual: Residual) -> str:
    return (
        f"mean residual {residual.mean:.2f} px, 95th percentile {residual.p95:.2f} px, "
        f"measured at {residual.share:.0%} of the held-out points"
    )
