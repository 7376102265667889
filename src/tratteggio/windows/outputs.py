"""The output of an enhancer for a scan: computed where it is read, window by window on a fixed lattice."""

from __future__ import annotations

from typing import Any

import numpy as np

from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import Array
from tratteggio.roles import Enhancer
from tratteggio.windows.light import Light
from tratteggio.windows.windowed import Windowed

WINDOW = 512  # px of the scan a side


class Outputs(Windowed):
    """The light of a scan through an enhancer: (H * scale, W * scale, channels) float32.

    Args:
        scan: what is enhanced.
        enhancer: by what.
        context: what its `prepare` returned for the scan.
        window: pixels of the scan a side of a window, a multiple of the enhancer's `step`.
    """

    def __init__(self, scan: Scan, enhancer: Enhancer, context: Any, *, window: int = WINDOW) -> None:
        self.scan = scan
        self.enhancer = enhancer
        self.context = context
        super().__init__(window=window * enhancer.scale)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and colour channels."""
        rows, cols = (side * self.enhancer.scale for side in self.scan.grid)
        return rows, cols, self.enhancer.channels(self.scan)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def _compute(self, window: Region) -> Array:
        scale, step = self.enhancer.scale, self.enhancer.step
        seen = Region(*(edge // scale for edge in window)).grow(self.enhancer.reach, within=self.scan.grid)
        seen = seen._replace(top=seen.top // step * step, left=seen.left // step * step)
        light = Light(self.scan, np.dtype(np.float32))[seen.slices]
        output = self.enhancer.enhance(light, seen, self.context)
        return output[window.relative_to(Region(*(edge * scale for edge in seen))).slices]
