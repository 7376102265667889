"""Find damage, by detectors of any name, in paintings of any size: a hypothesis, to be reviewed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tratteggio import files
from tratteggio.damage import (
    CLASSES,
    PALETTE,
    Area,
    DamageMap,
    Strengths,
    crack_graph,
    found,
    mapped,
    policies,
)
from tratteggio.damage import rose as drawn_rose
from tratteggio.errors import BadUsage
from tratteggio.files.forms import Painting
from tratteggio.files.outputs import require_outputs
from tratteggio.files.watch import Watch
from tratteggio.files.white import note_range
from tratteggio.files.writing import require_mask_suffix
from tratteggio.painting import Lacunae, Metadata, Pixels, Scan
from tratteggio.renamed import renamed_arguments
from tratteggio.roles import Detector
from tratteggio.treatment.making import make_detector
from tratteggio.treatment.opening import (
    also_read,
    facts,
    open,  # noqa: A004 - reads as `tg.open`
    require_picture,
    shown_to,
    stack_of,
)
from tratteggio.treatment.planning import input_files
from tratteggio.version import __version__

Progress = Callable[[int, int], None]

GRAPHS, ROSES, TABLES = (".geojson", ".json"), (".svg",), (".csv", ".json")
DETECTORS = ("tophat",)  # unless the user says otherwise
SURVEYED = ("lacunae", "cracks")  # likewise, before a fill without a mask: what is filled, and what is kept


@renamed_arguments({"kind": "detector"})
def detect(
    painting: Painting,
    detector: str | Detector = "tophat",
    *,
    threshold: float | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Lacunae:
    """Find damage in a painting. The result is a hypothesis: check it before filling.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel is
            opacity; or what `open` takes, a scan, a stack, a restoration.
        detector: its name, with options if need be, as "tophat:side=both"; or one that was made.
        threshold: strengths from here on are damage, above 0 and at most 1; None: as the detector advises.
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda".
        progress: called with (pixels done, pixels in all).

    Returns:
        where damage was found: the painting was looked at once, window by window, and a bit a pixel is kept.

    Raises:
        UnknownName: no such detector or option.
        BadUsage: a threshold out of its range, or an option that is refused.
        BadPixels: NaN or infinite values.
        TratteggioError: as `open` and the detector raise.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> wall = rng.integers(180, 200, (96, 96)).astype(np.uint8)
        >>> wall[40:42, 5:90] = 30
        >>> detect(wall).read()[41, 20:80].all()
        np.True_
    """
    stack = stack_of(painting)
    require_picture(stack.primary)
    made = make_detector(detector, seed=seed, device=device)[0] if isinstance(detector, str) else detector
    stack = shown_to(made, stack)
    note_range(*stack.scans)
    strengths = Strengths(stack, made, progress=progress)
    return _found(strengths, made, threshold)


class Survey(NamedTuple):
    """What was found in a painting.

    Attributes:
        damage: by class.
        history: how it was found.
    """

    damage: DamageMap
    history: dict[str, Any]


@renamed_arguments({"kinds": "detectors"})
def survey(
    source: str | Path,
    detectors: Sequence[str | Detector] = DETECTORS,
    *,
    threshold: float | None = None,
    strength: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    white: float | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Find damage of several classes in a painting.

    Args:
        source: what `open` takes.
        detectors: by name, with options if need be, or made; each of another class of damage.
        threshold: as for `detect`; of one detector only.
        strength: also write how likely damage is, 255 = 1, .png or .tif; of one detector only. Other
            thresholds can be tried on it.
        seed, device, progress: as for `detect`.
        white: the sample that stands for white, as for `open`.

    Raises:
        BadUsage: no detector, two for one class, or several with one threshold or one map of strengths.
        UnsafeOutput: `strength` is the source.
        TratteggioError: as `detect` and `files.write` raise.
    """
    if not detectors:
        raise BadUsage("name a detector at least; `tratteggio.registry.names('detectors')` shows all")
    if len(detectors) > 1 and (threshold is not None or strength is not None):
        raise BadUsage("a threshold and a map of strengths are those of one detector; give one detector then")
    made = [
        make_detector(one, seed=seed, device=device) if isinstance(one, str) else (one, one.name)
        for one in detectors
    ]
    classes = [detector.damage for detector, _ in made]
    if len(set(classes)) < len(classes):
        names = ", ".join(detector.name for detector, _ in made)
        raise BadUsage(f"a map takes one detector for each class, got {names} for {', '.join(classes)}")
    stack = open(source, white=white)
    require_picture(stack.primary)
    note_range(*stack.scans)
    places, detected = {}, []
    for detector, said in made:
        pixels: Pixels = Strengths(shown_to(detector, stack), detector, progress=progress)
        if strength:
            # Written first and read again: windows are looked at once, and the mask is that of the file.
            files.refuse_overwrite(source, strength)
            files.write(pixels, strength, metadata=_on_grid(stack.primary).metadata)
            pixels = files.read(strength).pixels
        lacunae = places[detector.damage] = _found(pixels, detector, threshold)
        detected.append(
            told(detector, said, threshold) | {"found_px": lacunae.lost_px, "found_share": lacunae.share}
        )
    history = {
        "tratteggio": __version__,
        "verb": "detect",
        "what": "a hypothesis: places that detectors hold for damage, to be reviewed by an expert",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": facts(stack.primary),
        "also_read": also_read(stack),
        "detectors": detected,
    }
    name = f"what {' and '.join(detector.name for detector, _ in made)} found in {stack.primary.name}"
    return Survey(mapped(places, metadata=stack.primary.metadata, name=name), history)


@renamed_arguments({"kinds": "detectors"})
def detect_file(
    source: str | Path,
    target: str | Path,
    *,
    detectors: Sequence[str | Detector] = DETECTORS,
    threshold: float | None = None,
    strength: str | Path | None = None,
    damage: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    white: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Survey:
    """Find damage and write a mask (white = lost), with its history beside it.

    Args:
        source: what `open` takes.
        target: .png .tif, 8 bit: damage of all classes.
        detectors, threshold, strength, seed, device, white, progress: as for `survey`.
        damage: also write a map of the classes in their colours, .png .tif, for `inpaint --damage`.
        overwrite: replace outputs that are there already.

    Raises:
        BadUsage: a target that is no .png or .tif.
        UnsafeOutput: an output is an input, or is there already, or two outputs are one file.
        SourceChanged: the source was replaced while it was being read; nothing more is written.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        TratteggioError: as `survey` raises.
    """
    for path in (target, strength, damage):
        if path is not None:
            _require_mask(Path(path))
    require_outputs(
        detected_files(target, strength=strength, damage=damage),
        inputs=input_files(source), overwrite=overwrite,
    )  # fmt: skip
    watch = Watch(input_files(source))
    found = survey(
        source, detectors, threshold=threshold, strength=strength, seed=seed, device=device, white=white,
        progress=progress,
    )  # fmt: skip
    scan = open(source, white=white).primary
    watch.know(source, found.history["source"]["sha256"])
    watch.check()
    everything = files.white_where_lost(found.damage.of(*CLASSES))
    history = files.save_made(
        replace(_on_grid(scan), pixels=everything), target, source=scan, history=found.history,
        before=watch.last_look([Path(target), files.sidecar(target, "history")], overwrite=overwrite),
    )  # fmt: skip
    if damage:
        write_damage(found, damage, overwrite=overwrite)
    return found._replace(history=dict(history))


def detected_files(
    target: str | Path, *, strength: str | Path | None = None, damage: str | Path | None = None
) -> list[Path]:
    """List all files that `detect_file` writes."""
    with_history = [Path(path) for path in (target, damage) if path is not None]
    beside = [files.sidecar(path, "history") for path in with_history]
    return [*with_history, *beside, *([] if strength is None else [Path(strength)])]


def write_damage(found: Survey, target: str | Path, *, overwrite: bool = False) -> None:
    """Write a map of the classes in their colours, with its history beside it.

    Args:
        found: a survey.
        target: .png .tif
        overwrite: replace what is there already.

    Raises:
        BadUsage: a target that is no .png or .tif.
        UnsafeOutput: it is there already.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = Path(target)
    _require_mask(target)
    beside_it = files.sidecar(target, "history")
    require_outputs([target, beside_it], overwrite=overwrite)
    # The history first: a map without one would never be taken for ours again.
    files.write_history(beside_it, {**found.history, "classes": colours_said()})
    files.write_indexed(found.damage.indices, target, PALETTE, metadata=found.damage.metadata)


def surveyed_before(target: str | Path, scan: Scan, detectors: Sequence[str]) -> bool:
    """Say whether a map of this very search lies there, so that a job that goes on need not search again.

    Raises:
        UnsafeOutput: a file of that name is there that is not of this search.
    """
    target = Path(target)
    beside_it = files.sidecar(target, "history")
    there = [path for path in (target, beside_it) if path.exists()]
    if not there:
        return False
    history = files.read_history(beside_it) if beside_it.exists() else {}
    words = [make_detector(one)[1] for one in detectors]
    same = history.get("verb") == "detect" and history["source"]["sha256"] == facts(scan)["sha256"]
    if not same or [one["words"] for one in history["detectors"]] != words:
        require_outputs(there)
    return target.exists()


def write_cracks(
    found: Survey,
    *,
    graph: str | Path | None = None,
    rose: str | Path | None = None,
    overwrite: bool = False,
) -> None:
    """Write the cracks that were found as a graph, and how much of them runs in each direction.

    Args:
        found: a survey, cracks among its classes or not.
        graph: .geojson or .json: junctions, edges with length, width and direction; coordinates in pixels.
        rose: .svg
        overwrite: replace what is there already.

    Raises:
        UnsafeOutput: a file is there already, or both are one.
        BadUsage: another suffix, or a painting too large for a graph.
        MissingExtra: scikit-image is not installed.
        UnwritableFile: no such folder, no permission, no space.
    """
    require_drawn(graph=graph, rose=rose)
    require_outputs([path for path in (graph, rose) if path is not None], overwrite=overwrite)
    cracks = crack_graph(found.damage.of("crack"), metadata=found.damage.metadata)
    if graph is not None:
        _write_text(graph, json.dumps(cracks.geojson(), indent=1) + "\n")
    if rose is not None:
        _write_text(rose, drawn_rose(cracks, title=f"Cracks: {found.damage.name}"))


def require_drawn(
    *, graph: str | Path | None = None, rose: str | Path | None = None, areas: str | Path | None = None
) -> None:
    """Make sure, before the search, that the suffixes are of files that can be written.

    Raises:
        BadUsage: another suffix.
    """
    for path, suffixes in ((graph, GRAPHS), (rose, ROSES), (areas, TABLES)):
        if path is not None:
            _require_suffix(Path(path), suffixes)


def write_areas(found: Survey, target: str | Path, *, overwrite: bool = False) -> None:
    """Write how much damage of each class there is: area, share and pieces.

    Args:
        found: a survey.
        target: .csv or .json
        overwrite: replace what is there already.

    Raises:
        UnsafeOutput: it is there already.
        BadUsage: another suffix.
        UnwritableFile: no such folder, no permission, no space.
    """
    path = Path(target)
    require_drawn(areas=path)
    require_outputs([path], overwrite=overwrite)
    rows = [area._asdict() for area in found.damage.areas()]
    if path.suffix.lower() == ".json":
        _write_text(path, json.dumps(rows, indent=1) + "\n")
        return
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, Area._fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write_text(path, sheet.getvalue())


def read_damage(path: str | Path, scan: Scan, *, mask_orientation: str | None = None) -> DamageMap:
    """Read a map of classes, as `write_damage` writes it or a hand has painted or mended it.

    Args:
        path: PNG or TIFF in the colours of the classes.
        scan: whose damage it shows.
        mask_orientation: "displayed" or "stored", as for `files.read_lacunae`.

    Raises:
        GridMismatch: the map has another size.
        BadUsage: the scan has an orientation tag, and the map fits in two ways.
        UnsupportedFile: colours that stand for no class, which are listed.
        UnreadableFile: missing or damaged.
    """
    indices = files.read_indexed(path, {colour: number for number, colour in enumerate(PALETTE)})
    lying = files.laid(
        indices, scan, name=str(path), orientation=files.stated_orientation(path), what="damage map",
        mask_orientation=mask_orientation,
    )  # fmt: skip
    return DamageMap(lying, _on_grid(scan).metadata, str(path))


def lacunae_by_policy(damage: DamageMap, policy: str | None = None, *, grow: str | None = None) -> Lacunae:
    """Return what a damage map and policies leave to be filled.

    Args:
        damage: the map.
        policy: CLASS=fill or CLASS=keep, separated by commas; losses and scratches are filled unless told
            otherwise, cracks, stains and overpaint kept.
        grow: how far beyond that, as "2px" or "120um".

    Raises:
        BadUsage: nothing is to be filled; the message says what there is. Or a policy or length that is none.
        UnknownName: no such class or policy.
    """
    chosen = policies(policy)
    lacunae = damage.to_fill(chosen, grow=grow)
    if lacunae.lost_px:
        return lacunae
    kept = [area for area in damage.areas() if chosen[area.damage] == "keep"]
    if not kept:
        raise BadUsage(f"{damage.name} marks no damage, so there is nothing to fill")
    there = ", ".join(f"{area.damage} ({area.share:.2%} of the area)" for area in kept)
    raise BadUsage(
        f"all damage in {damage.name} is kept: {there}; to fill it add `policy={kept[0].damage}=fill`"
    )


def colours_said() -> dict[str, str]:
    """Say in which colour each class is shown in maps."""
    return {name: "#" + "".join(f"{level:02x}" for level in kind.colour) for name, kind in CLASSES.items()}


def told(detector: Detector, said: str, threshold: float | None) -> dict[str, Any]:
    """Say which detector this is, for the history."""
    return {
        "name": detector.name,
        "words": said,
        "damage": detector.damage,
        "threshold": detector.threshold if threshold is None else threshold,
        "trace": detector.trace._asdict(),
        "parameters": detector.parameters,
    }


def _found(strengths: Pixels, detector: Detector, threshold: float | None) -> Lacunae:
    return found(
        strengths,
        threshold=detector.threshold if threshold is None else threshold,
        trace=detector.trace,
        name=f"what {detector.name} found",
    )


def _on_grid(scan: Scan) -> Scan:
    """Return a scan without profile and opacity: what is laid over it is as large and turned the same way."""
    metadata = scan.metadata
    return replace(
        scan, alpha=False, metadata=Metadata(metadata.resolution, metadata.unit, metadata.orientation)
    )


def _write_text(path: str | Path, text: str) -> None:
    with files.beside([Path(path)]) as [temporary]:
        temporary.write_text(text, encoding="utf-8")


def _require_suffix(path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix.lower() not in suffixes:
        raise BadUsage(f"{path}: the suffix is one of {' '.join(suffixes)}, got {path.suffix!r}")


def _require_mask(path: Path) -> None:
    require_mask_suffix(path)
    files.require_scan_writable(path)
