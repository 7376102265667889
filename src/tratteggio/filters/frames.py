"""Several photographs of the same view: their average has less noise, by the square root of their number."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters._window import require_image
from tratteggio.painting.pixels import Array, to_depth


def average(frames: Iterable[Array], *, middle: bool = False) -> Array:
    """Average several frames, pixel by pixel.

    They must lie on each other: align them first (`tratteggio register`).

    Args:
        frames: (H, W) or (H, W, C) each, of one shape and depth; two or more.
        middle: take the median instead, which leaves out what one frame alone shows; all are in memory then.

    Returns:
        an array like one of them. Whole numbers are rounded: for finer levels give floats.

    Raises:
        BadUsage: fewer than two frames, or two depths.
        GridMismatch: two shapes.
    """
    listed: list[Array] = []
    total: Array | None = None
    count, shape, dtype = 0, None, None
    for frame in frames:
        require_image(frame)
        if shape is not None and frame.shape != shape:
            raise GridMismatch(f"frames share a shape, got {shape} and {frame.shape}")
        if dtype is not None and frame.dtype != dtype:
            raise BadUsage(f"frames share a depth, got {dtype.name} and {frame.dtype.name}")
        shape, dtype, count = frame.shape, frame.dtype, count + 1
        if middle:
            listed.append(frame)
        else:
            total = frame.astype(np.float64) if total is None else total + frame
    if count < 2 or dtype is None:
        raise BadUsage(f"an average takes two frames or more, got {count}")
    averaged = np.median(np.stack(listed), axis=0) if total is None else total / count
    return to_depth(averaged, dtype)
