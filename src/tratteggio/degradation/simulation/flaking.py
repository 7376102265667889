"""Flaking losses: islands of paint that have come away, with ragged rims that follow cracks at places.

Losses are spots of many sizes, a few large and many small. A rim is moved in and out by chance and by
the hold of each island of the craquelure: islands that hold poorly fall as a whole, so that the rim
runs along the cracks around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tratteggio.degradation.simulation.value_noise import Bits, Doubles, Floats, field, millimetres, uniform
from tratteggio.painting.region import Region

_REACH = 1.6  # a spot may spread to so many of its radii


@dataclass(frozen=True, eq=False)
class Losses:
    """The losses of a panel.

    Attributes:
        seed: another seed, other losses.
        um_per_px: micrometres per pixel.
        spots: (n, 5) float64: row, column, radius (pixels), aspect, direction (radians).
    """

    seed: int
    um_per_px: float
    spots: Doubles

    @classmethod
    def aimed(cls, share: float, *, seed: int, um_per_px: float, grid: tuple[int, int]) -> Losses:
        """Draw spots until they cover about `share` of the area.

        Radii are log-normal around 1 mm, from a third of a millimetre (or one pixel) to 9 mm, and at most
        a fourteenth of the panel's shorter side, so that one spot cannot swallow the share of a small panel.
        """
        rows, cols = grid
        per_mm = 1000 / um_per_px
        largest = max(1.0, min(9.0 * per_mm, min(grid) / 14))
        smallest = min(max(0.3 * per_mm, 1.0), largest)
        wanted = share * rows * cols
        count = int(min(40 + 4 * wanted / (np.pi * (1.4 * per_mm) ** 2 + 4), 400_000))
        order = np.arange(count)
        a, b, c, d, e, f = (uniform(order, seed, stream).astype(np.float64) for stream in range(61, 67))
        normal = np.sqrt(-2 * np.log(np.maximum(a, 1e-9))) * np.cos(2 * np.pi * b)
        radius = np.clip(np.exp(0.75 * normal) * 1.1 * per_mm, smallest, largest)
        # A spot covers about 0.95 pi r^2; keep as many as are needed, and the share of the last by chance.
        area = np.cumsum(0.95 * np.pi * radius**2)
        keep = int(np.searchsorted(area, wanted))
        spots = np.stack([c * rows, d * cols, radius, 0.5 + 1.5 * e, np.pi * f], axis=1)
        return cls(seed, um_per_px, spots[:keep])

    def depth(self, region: Region, island: Bits) -> Floats:
        """Return how deep a pixel lies within a loss: above 0 = lost, -1 = far from any.

        Args:
            region: where; it may reach beyond the panel.
            island: (h, w) random bits of each island there.
        """
        depth = np.full((region.rows, region.cols), -1, np.float32)
        row, col, radius = self.spots[:, 0], self.spots[:, 1], self.spots[:, 2] * _REACH * 1.4
        near = (
            (row + radius > region.top)
            & (row - radius < region.bottom)
            & (col + radius > region.left)
            & (col - radius < region.right)
        )
        for spot in self.spots[near]:
            self._lay(depth, region, spot)
        if (depth <= -0.7).all():
            return depth
        y, x = millimetres(region, self.um_per_px)
        rim = field(y / 3.1, x / 3.1, self.seed, 71) * np.float32(0.30)
        rim += field(y / 0.9, x / 0.9, self.seed, 72) * np.float32(0.34)
        rim += field(y / 0.27, x / 0.27, self.seed, 73) * np.float32(0.20)
        hold = (island >> np.uint32(24)).astype(np.float32) * np.float32(1.1 / 255) - np.float32(0.55)
        return np.where(depth > np.float32(-0.7), depth + rim - hold, np.float32(-1)).astype(np.float32)

    def _lay(self, depth: Floats, region: Region, spot: Doubles) -> None:
        """Raise the depth around one spot: 1 at its middle, 0 at its radius, falling on beyond."""
        row, col, radius, aspect, direction = (float(value) for value in spot)
        reach = radius * _REACH * 1.4
        near = Region(int(row - reach), int(col - reach), int(row + reach) + 2, int(col + reach) + 2).meet(
            region
        )
        if near.empty:
            return
        dy = ((np.arange(near.top, near.bottom) + 0.5 - row) / radius).astype(np.float32)[:, None]
        dx = ((np.arange(near.left, near.right) + 0.5 - col) / radius).astype(np.float32)[None, :]
        c, s = np.float32(np.cos(direction)), np.float32(np.sin(direction))
        root = np.float32(np.sqrt(aspect))
        long, short = (dx * c + dy * s) * root, (dy * c - dx * s) / root
        inside = depth[near.relative_to(region).slices]
        np.maximum(inside, np.float32(1) - np.sqrt(long * long + short * short), out=inside)
