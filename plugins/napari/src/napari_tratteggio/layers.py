"""Paintings and proposals as layers, without napari and without Qt.

A layer is what napari's readers return: (data, attributes, kind). Layers lie upright, in micrometres where
the scan states its scale. They are lazy: napari reads what is in view, at the copy of the file that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import tratteggio as tg
from tratteggio import files
from tratteggio.damage import CLASSES, DamageMap
from tratteggio.errors import BadUsage
from tratteggio.files.display import Tone, conversion_of
from tratteggio.files.rasters import to_stored, upright
from tratteggio.names import rows_and_columns
from tratteggio.painting import Mapped, Metadata, Pixels, Restoration, Scan, Stack
from tratteggio.painting.legend import LEGEND
from tratteggio.treatment.exporting import is_proposal, layers_of
from tratteggio.treatment.reopening import recorded_source

LayerData = tuple[Any, dict[str, Any], str]
OURS = "tratteggio"  # the key of what we keep in the metadata of a layer


def read_layers(path: str | Path) -> list[LayerData]:
    """Return the layers of what lies at a path.

    Args:
        path: a proposal with its files beside it, or what `tratteggio.open` takes.

    Raises:
        TratteggioError: as `tratteggio.open` and `tratteggio.reopen` raise.
    """
    path = Path(path)
    return proposal_layers(tg.reopen(path), path) if is_proposal(path) else stack_layers(tg.open(path), path)


def stack_layers(stack: Stack, source: Path) -> list[LayerData]:
    """Return each scan as an image; the main scan is shown, the others are hidden."""
    return [
        scan_layer(scan, scan.modality, source, visible=scan.modality == stack.primary.modality)
        for scan in stack.scans
    ]


def proposal_layers(restoration: Restoration, source: Path) -> list[LayerData]:
    """Return the source, the proposal, the lacunae as labels, and the confidence (hidden)."""
    own, proposal, _, confidence = layers_of(restoration).scans
    return [
        scan_layer(own, own.modality, source),
        scan_layer(proposal, "proposal", source),
        labels_layer(restoration.lacunae.lost, "lacunae", own, source, {1: "lacuna"}),
        scan_layer(confidence, "confidence", source, visible=False),
    ]


def damage_layer(damage: DamageMap, scan: Scan, source: Path) -> LayerData:
    """Return a damage map as labels; label 1 is the first of the classes."""
    names = dict(enumerate(CLASSES, 1))
    return labels_layer(damage.indices, "damage", scan, source, names)


def scan_layer(scan: Scan, name: str, source: Path, *, visible: bool = True) -> LayerData:
    """Return a scan as an image layer: colour as sRGB of 8 bit, grey at its own depth."""
    pixels = upright(scan.pixels, scan.metadata.orientation)
    coloured = scan.channels == 3
    if coloured:
        conversion = conversion_of(scan)

        def through(part: Any) -> Any:
            return conversion.shown(part[..., :3], Tone())

        levels = [_mapped(level, through, 3) for level in _levels(pixels)]
    else:
        levels = [_mapped(level, _first_channel, 0) for level in _levels(pixels)]
    attributes = _placed(scan, name, source) | {"rgb": coloured, "visible": visible}
    if not coloured:
        attributes |= {"contrast_limits": (0, float(scan.white)), "colormap": "gray"}
    if len(levels) == 1:
        return levels[0], attributes, "image"
    return levels, attributes | {"multiscale": True}, "image"


def labels_layer(indices: Pixels, name: str, scan: Scan, source: Path, names: Mapping[int, str]) -> LayerData:
    """Return numbered classes as a labels layer, in the colours of the legend.

    napari paints on labels that are in memory only, so these are.
    """
    data = np.asarray(upright(indices, scan.metadata.orientation)[:, :]).astype(np.uint8)
    colours: dict[int | None, Any] = {None: "transparent", 0: "transparent"}
    colours |= {number: LEGEND[kind].hex for number, kind in names.items()}
    return data, _placed(scan, name, source) | {"opacity": 0.6, "colormap": colours}, "labels"


def damage_of(labels: Any, scan: Scan) -> DamageMap:
    """Return painted labels as a damage map on the grid of a scan.

    Args:
        labels: (H, W) whole numbers, upright; 0 is sound, else the number of a class.
        scan: what they were painted over.

    Raises:
        BadUsage: a number without a class, or another size.
    """
    indices = require_classes(labels)
    stored = np.ascontiguousarray(to_stored(indices, scan.metadata.orientation))
    if stored.shape != scan.grid:
        raise BadUsage(
            f"the labels, as the scan is stored, have {rows_and_columns(stored.shape)}, but {scan.name} has "
            f"{rows_and_columns(scan.grid)}; paint them over this scan"
        )
    return DamageMap(stored, Metadata(orientation=scan.metadata.orientation), "labels in napari")


def require_classes(labels: Any) -> Any:
    """Return labels as numbers of classes, (H, W) uint8.

    Raises:
        BadUsage: a number without a class; the message lists the classes.
    """
    array = np.asarray(labels)
    known = ", ".join(f"{number} = {name}" for number, name in enumerate(CLASSES, 1))
    if array.ndim != 2:
        raise BadUsage(f"a damage map has rows and columns, but these labels have {array.ndim} axes")
    if array.size and not 0 <= array.min() <= array.max() <= len(CLASSES):
        raise BadUsage(f"label {array.max() if array.max() > 0 else array.min()} has no class; use {known}")
    return array.astype(np.uint8)


def source_of(metadata: Mapping[str, Any]) -> Path:
    """Return the painting that a layer shows, from its metadata.

    Raises:
        BadUsage: the layer was opened by another reader.
    """
    own = metadata.get(OURS)
    if not own:
        raise BadUsage("this layer was not opened with tratteggio; open the painting with napari-tratteggio")
    source = Path(own["source"])
    if not is_proposal(source):
        return source
    recorded = recorded_source(files.read_history(files.sidecar(source, "history")))
    if recorded is None:
        raise BadUsage(f"{source} does not say where its source lies; open the source instead")
    return source.parent / recorded


def _first_channel(part: Any) -> Any:
    return part if part.ndim == 2 else part[..., 0]


def _levels(pixels: Pixels) -> list[Pixels]:
    return [pixels, *getattr(pixels, "levels", ())]


def _mapped(pixels: Pixels, through: Any, channels: int) -> Pixels:
    dtype = np.dtype(np.uint8) if channels else np.dtype(pixels.dtype)
    return Mapped(pixels, through, channels, dtype)


def _placed(scan: Scan, name: str, source: Path) -> dict[str, Any]:
    """Return name, scale and origin of a layer on the grid of a scan."""
    down, across = scan.metadata.spacing_um or (1.0, 1.0)
    if scan.metadata.orientation >= 5:
        down, across = across, down
    unit = "micrometer" if scan.metadata.spacing_um else "pixel"
    return {
        "name": name,
        "scale": (down, across),
        "units": (unit, unit),
        "metadata": {
            OURS: {
                "source": str(source),
                "modality": scan.modality,
                "orientation": scan.metadata.orientation,
                "profile": files.profile_name(scan.metadata.icc),
                "resolution": scan.metadata.resolution,
                "unit": scan.metadata.unit,
            }
        },
    }
