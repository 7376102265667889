"""One look at a whole scan of any size: as light, reduced, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.filters.windows import Light
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import block_sums

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
    parts = []
    for band in Region.whole(scan.grid).bands(max(1, BAND_PX // (cols * step)) * step):
        area = block_sums(np.ones((band.rows, band.cols, 1)), step)
        parts.append(block_sums(light[band.slices], step) / area)
    return np.concatenate(parts).astype(np.float32)
