"""A painting in any of the forms that a user may hold it in: an array, a noun, a path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.reading import read
from tratteggio.painting import Restoration, Scan, Stack
from tratteggio.painting.pixels import Array

Painting: TypeAlias = Array | str | Path | Scan | Stack | Restoration


def scan_of(painting: Painting, *, modality: str | None = None, white: float | None = None) -> Scan:
    """Take one scan.

    Args:
        painting: an array (H, W) or (H, W, C), where a second or fourth channel is opacity; a scan; a stack,
            of which the primary scan is taken; a restoration, of which the proposal is taken; or a file.
        modality: what the scan shows; None takes what the scan or the file says, else "rgb".
        white: of a file: the sample that stands for white, as for `read`.

    Raises:
        BadUsage: something else.
        TratteggioError: as `read` raises.
    """
    if isinstance(painting, str | Path):
        return read(painting, modality=modality, white=white)
    scan = _scan(painting)
    return scan if modality is None else replace(scan, modality=modality)


def _scan(painting: Array | Scan | Stack | Restoration) -> Scan:
    if isinstance(painting, Scan):
        return painting
    if isinstance(painting, Stack):
        return painting.primary
    if isinstance(painting, Restoration):
        original = painting.original
        return replace(original, pixels=painting.pixels, name=f"{original.name} (proposal)")
    if isinstance(painting, np.ndarray):
        return Scan(painting, alpha=painting.ndim == 3 and painting.shape[2] in (2, 4))
    raise BadUsage(
        "a painting is an array, a Scan, a Stack, a Restoration or the path of a file, "
        f"got {type(painting).__name__}"
    )
