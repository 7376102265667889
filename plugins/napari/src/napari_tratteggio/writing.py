"""The writer: a labels layer becomes a damage map, in the colours that tratteggio reads."""

from __future__ import annotations

from typing import Any

from napari_tratteggio.layers import OURS, require_classes
from tratteggio import files
from tratteggio.damage import PALETTE
from tratteggio.painting import Metadata


def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a damage map; it lies upright, as napari shows it.

    Args:
        path: .png .tif
        data: (H, W) whole numbers: 0 = sound, else the number of a class.
        attributes: of the layer; the scale is kept.

    Returns:
        what was written.

    Raises:
        BadUsage: a number without a class, or another suffix.
    """
    own = attributes.get("metadata", {}).get(OURS, {})
    resolution = own.get("resolution")
    if resolution is not None and own.get("orientation", 1) >= 5:
        resolution = resolution[::-1]
    metadata = Metadata(tuple(resolution), own["unit"]) if resolution else Metadata()
    files.write_indexed(require_classes(data), path, PALETTE, metadata=metadata)
    return [path]
