"""One look at a whole scan of any size: as light, reduced, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.filters.windows import Light
from tratteggio.painting import Region, Scan

BAND_PX = 1 << 22  # of the scan that are in memory at a time


def reduced(scan: Scan, *, shorter: int) -> NDArray[np.float32]:
    """Return the scan as means of squares of its pixels, fewer at the end; never enlarged.

    Args:
        scan: of any depth.
        shorter: the shorter side of what is returned is at least this, if that of the scan is, and less than
            twice as much.

    Returns:
        (h, w, channels) of light.

    Raises:
        BadPixels: NaN or infinite values.
    """
    rows, cols = scan.grid
    step = max(1, min(rows, cols) // shorter)
    light = Light(scan, np.dtype(np.float32))
    acrosses = np.arange(0, cols, step)
    widths = np.diff(acrosses, append=cols)
    parts = []
    for band in Region.whole(scan.grid).bands(max(1, BAND_PX // (cols * step)) * step):
        downs = np.arange(0, band.rows, step)
        heights = np.diff(downs, append=band.rows)
        sums = np.add.reduceat(np.add.reduceat(light[band.slices], downs, axis=0), acrosses, axis=1)
        parts.append(sums / np.outer(heights, widths)[..., None])
    return np.concatenate(parts).astype(np.float32)
