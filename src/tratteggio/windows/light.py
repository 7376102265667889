"""The light of a scan: its colours as floats from 0 (black) to 1 (white), whatever its depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadPixels
from tratteggio.painting import Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, block_means

BAND_PX = 1 << 22  # of a scan that is reduced, in memory at a time


@dataclass(frozen=True, eq=False, repr=False)
class Light(LazyPixels):
    """The colour channels of a scan as floats from 0 (black) to 1 (white): (H, W, channels).

    Attributes:
        scan: what is read.
        dtype: float32 or float64.
    """

    scan: Scan
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Grid and channels of the scan, without alpha."""
        return (*self.scan.grid, self.scan.channels)

    def _read(self, region: Region) -> Array:
        colour = self.scan.colour(region)
        if colour.dtype.kind == "f" and not np.isfinite(colour).all():
            row, col, _ = np.argwhere(~np.isfinite(colour))[0]
            raise BadPixels(
                f"{self.scan.name} contains NaN or infinite values, for example at row "
                f"{region.top + row}, column {region.left + col}; correct the file"
            )
        values: Array = np.multiply(colour, 1 / self.scan.white, dtype=self.dtype)
        return values


def reduced(scan: Scan, step: int) -> NDArray[np.float32]:
    """Return the light of a whole scan as means of step x step pixels, fewer at the end, in bounded memory.

    Raises:
        BadPixels: NaN or infinite values.
    """
    light = Light(scan, np.dtype(np.float32))
    bands = Region.whole(scan.grid).bands(max(1, BAND_PX // (scan.grid[1] * step)) * step)
    return np.concatenate([block_means(light[band.slices], step).astype(np.float32) for band in bands])
