"""The output of an enhancer for a scan: computed where it is read, window by window on a fixed lattice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tratteggio.filters.windows import Light
from tratteggio.painting import Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.roles import Enhancer

WINDOW = 512  # px of the scan a side


@dataclass(frozen=True, eq=False)
class Outputs(LazyPixels):
    """The light of a scan through an enhancer: (H * scale, W * scale, channels) float32.

    A window of the lattice is computed whole, whatever part of it is read: nets round sums by the size of
    what they are shown, so that only the same window gives the same bits.

    Attributes:
        scan: what is enhanced.
        enhancer: by what.
        context: what its `prepare` returned for the scan.
        window: pixels of the scan a side of a window, a multiple of the enhancer's `step`.
    """

    scan: Scan
    enhancer: Enhancer
    context: Any
    window: int = WINDOW

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and colour channels."""
        rows, cols = (side * self.enhancer.scale for side in self.scan.grid)
        return rows, cols, self.enhancer.channels(self.scan)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def _read(self, region: Region) -> Array:
        side = self.window * self.enhancer.scale
        out = np.empty((region.rows, region.cols, self.shape[2]), np.float32)
        for cell in region.cells(side, within=self.shape[:2]):
            part = cell.meet(region)
            out[part.relative_to(region).slices] = self._cell(cell)[part.relative_to(cell).slices]
        return out

    def _cell(self, cell: Region) -> Array:
        scale, step = self.enhancer.scale, self.enhancer.step
        seen = Region(*(edge // scale for edge in cell)).grow(self.enhancer.reach, within=self.scan.grid)
        seen = seen._replace(top=seen.top // step * step, left=seen.left // step * step)
        window = Light(self.scan, np.dtype(np.float32))[seen.slices]
        output = self.enhancer.enhance(window, seen, self.context)
        return output[cell.relative_to(Region(*(edge * scale for edge in seen))).slices]
