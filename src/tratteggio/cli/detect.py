"""`tratteggio detect`: find damage in a painting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tratteggio.cli.console import (
    Json,
    MaskOrientation,
    Overwrite,
    Quiet,
    Scheduler,
    White,
    conversation,
)
from tratteggio.cli.speech import say

if TYPE_CHECKING:
    from tratteggio.roles import Detector


def _list(asked: bool) -> None:
    if asked:
        from tratteggio.treatment import list_available

        for text, meaning in list_available("detectors"):
            say(f"--kind {text}\n    {meaning}")
        raise typer.Exit


def detect(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="A scan, an OME-Zarr or OME-TIFF, or a folder with a painting.toml."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The mask, white = lost (.png .tif).")],
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="The detector, as NAME:OPTION=VALUE,OPTION=VALUE; default: lacunae and cracks, as for "
            "`inpaint` without a mask. Repeat it for several classes, one detector for each. With --labels: "
            "the class to find, loss (default) or crack."
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Learn from strokes on this painting: a PNG of the same size, red (#ff0000) = lost, green "
            "(#00a050) = sound paint, yellow (#ffff00) = crack, transparent elsewhere."
        ),
    ] = None,
    mask_orientation: MaskOrientation = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Pixels of at least this strength are damage, 0 to 1. Default: set by the detector."
        ),
    ] = None,
    strength: Annotated[
        Path | None, typer.Option(help="Also write the strength of damage as an image, 255 = 1 (.png .tif).")
    ] = None,
    damage: Annotated[
        Path | None,
        typer.Option("--map", help="Also write a map with a colour for each class, for `inpaint --damage`."),
    ] = None,
    graph: Annotated[
        Path | None, typer.Option(help="Also write the cracks as a graph of junctions and edges (.geojson).")
    ] = None,
    rose: Annotated[
        Path | None, typer.Option(help="Also draw the share of cracks in each direction (.svg).")
    ] = None,
    areas: Annotated[
        Path | None, typer.Option(help="Also write a table with the area of each class (.csv .json).")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bits.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    listed: Annotated[  # noqa: ARG001 its callback answers
        bool, typer.Option("--list", callback=_list, is_eager=True, help="List detectors with their options.")
    ] = False,
    white: White = None,
    scheduler: Scheduler = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find damage in a painting of any size. The result is a hypothesis: check it before filling.

    `inpaint --mask` takes the mask that this command writes. A history is written beside the mask.

    Example: tratteggio detect panel.tif -o cracks.png --kind tophat:side=both

    Example: tratteggio detect panel.tif -o lost.png --labels strokes.png
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.files.outputs import require_outputs
        from tratteggio.treatment import detect_file, write_areas, write_cracks
        from tratteggio.treatment.damage_files import list_detected_files
        from tratteggio.treatment.damage_tables import require_table_suffixes
        from tratteggio.treatment.detecting import DETECTORS
        from tratteggio.treatment.planning import input_files

        require_table_suffixes(graph=graph, rose=rose, areas=areas)
        require_outputs(
            [
                *list_detected_files(output, strength=strength, damage=damage),
                *(path for path in (graph, rose, areas) if path),
            ],
            inputs=[*input_files(source), *([labels] if labels else [])],
            overwrite=overwrite,
        )
        detectors: Sequence[str | Detector] = kind or DETECTORS
        if labels:
            detectors = _learn(
                source, labels, kind, mask_orientation=mask_orientation, seed=seed, device=device, white=white
            )
        with console.progress(source.name) as progress:
            found = detect_file(
                source, output, detectors=detectors, threshold=threshold, strength=strength,
                damage=damage, seed=seed, device=device, white=white, overwrite=overwrite, progress=progress,
                scheduler=scheduler,
            )  # fmt: skip
        if graph or rose:
            write_cracks(found, graph=graph, rose=rose, overwrite=overwrite)
        if areas:
            write_areas(found, areas, overwrite=overwrite)
        made = [str(path) for path in (output, strength, damage, graph, rose, areas) if path]
        summary = " ".join(
            f"{one['name']} marked {one['found_px']:,} pixels of {source.name} as {one['damage']} "
            f"({100 * one['found_share']:.2f} % of the area)."
            for one in found.history["detectors"]
        )
        console.result(
            {"output": made, "history": found.history},
            f"{summary} Wrote {', '.join(made)}. Check {output.name} before filling.",
        )


def _learn(
    source: Path,
    labels: Path,
    kinds: list[str] | None,
    *,
    mask_orientation: str | None,
    seed: int,
    device: str,
    white: float | None,
) -> list[Detector]:
    """Learn from strokes: the classes asked for, otherwise losses, or cracks if there are only these."""
    from tratteggio.features import learn
    from tratteggio.registry import unknown
    from tratteggio.treatment import open as opened

    painting = opened(source, white=white)
    found = learn(painting, labels, mask_orientation=mask_orientation, seed=seed, device=device)
    wanted = kinds or ["loss" if "loss" in found else "crack"]
    for kind in wanted:
        if kind not in found:
            raise unknown(f"damage in {labels}", kind, found)
    return [found[kind] for kind in wanted]
