"""`tratteggio encode`: compute features of a painting: 80 numbers for every 8 x 8 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, Scheduler, White, conversation


def encode(
    sources: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="A painting, or its scans as MODALITY=FILE.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The OME-Zarr to write: NAME.ome.zarr.")],
    model: Annotated[
        str | None, typer.Option(help="A net from `tratteggio models`. Default: fpcae-concat.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="A weights file from `tratteggio train`, instead of the included weights."),
    ] = None,
    maps: Annotated[
        bool,
        typer.Option(
            "--maps", help="Also write the reconstruction error of each modality, alone and from the others."
        ),
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Also write an image of the first three principal components.")
    ] = None,
    clusters: Annotated[Path | None, typer.Option(help="Also write an image of clusters.")] = None,
    count: Annotated[int, typer.Option(help="Number of clusters, 2 to 64.")] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the clusters. The same seed gives the same image.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    white: White = None,
    scheduler: Scheduler = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the features that a net computes from a painting. A note names scans that are missing.

    Example: tratteggio encode panel.ome.zarr --model fpcae-concat -o features.ome.zarr --picture features.png
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio import files, treatment
        from tratteggio.features import cluster_picture, encode_file, principal_picture
        from tratteggio.features.images import require_count
        from tratteggio.files.outputs import require_outputs
        from tratteggio.files.white import note_range
        from tratteggio.seeds import require_seed

        require_seed(seed)
        require_count(count)
        named = painting_of(sources)
        read = [Path(named)] if isinstance(named, str) else [Path(file) for file in named.values()]
        outputs = [path for path in (output, picture, clusters) if path]
        require_outputs(outputs, inputs=[*read, *([weights] if weights else [])], overwrite=overwrite)
        for path in (picture, clusters):
            if path:
                files.require_scan_writable(path)
        painting = treatment.open(named, white=white)
        note_range(*painting.scans)
        with console.progress("encoding") as progress:
            history = encode_file(
                painting, output, model=model, weights=weights, maps=maps, device=device,
                overwrite=overwrite, progress=progress, scheduler=scheduler,
            )  # fmt: skip
        features = treatment.open(output)["features"].pixels
        if picture:
            files.write(principal_picture(features), picture)
        if clusters:
            files.write(cluster_picture(features, count=count, seed=seed), clusters)
        made = [str(path) for path in (output, picture, clusters) if path]
        rows, cols, numbers = features.shape
        console.result(
            {"output": made, "features": list(features.shape), "history": history},
            f"Wrote {', '.join(made)}: {rows:,} rows x {cols:,} columns of features, {numbers} numbers each, "
            f"computed by {history['net']['model']} from {', '.join(history['modalities'])}.",
        )


def painting_of(sources: list[str]) -> str | dict[str, str]:
    """Read a single painting, or scans that are named by their modality."""
    from tratteggio.errors import BadUsage
    from tratteggio.options import pair

    if len(sources) == 1 and ("=" not in sources[0] or Path(sources[0]).exists()):
        return sources[0]
    form = "the input is one painting, or scans each named MODALITY=FILE, each once"
    scans = dict(pair(source, form=form) for source in sources)
    if len(scans) < len(sources) or not all(scans.values()):
        raise BadUsage(f"{form}, got {' '.join(sources)}")
    return scans
