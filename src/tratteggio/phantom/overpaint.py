"""What later hands added: broad overpaint over old paint, and retouches over old losses.

Overpaint lies under the last varnish, in colours that no longer match. Retouches lie on top of it, a
little wider than the losses they hide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tratteggio.degradation.simulation.flaking import Losses
from tratteggio.degradation.simulation.value_noise import Doubles, Floats, field, millimetres, uniform
from tratteggio.painting.region import Region

SPILL = np.float32(0.22)  # how far a retouch goes beyond its loss, as a share of the loss's radius


@dataclass(frozen=True, eq=False)
class Overpaint:
    """Broad patches of overpaint.

    Attributes:
        seed: another seed, other patches.
        um_per_px: micrometres per pixel.
        spots: (n, 4) float64: row, column, height and width from the middle (pixels).
    """

    seed: int
    um_per_px: float
    spots: Doubles

    @classmethod
    def aimed(cls, share: float, *, seed: int, um_per_px: float, grid: tuple[int, int]) -> Overpaint:
        """Place patches that cover about `share` of the area, each about a sixth of the shorter side wide."""
        rows, cols = grid
        order = np.arange(64)
        a, b, c, d = (uniform(order, seed, 601 + k).astype(np.float64) for k in range(4))
        half = min(grid) * (0.06 + 0.06 * c)
        tall, wide = half * (0.6 + 0.8 * d), half * (1.4 - 0.8 * d)
        area = np.cumsum(np.pi * tall * wide * 0.92)
        wanted = share * rows * cols
        keep = int(np.searchsorted(area, wanted * 0.999)) + 1 if wanted > 0 else 0
        spots = np.stack([(0.1 + 0.8 * a) * rows, (0.1 + 0.8 * b) * cols, tall, wide], axis=1)[:keep]
        if keep:
            spots[:, 2:] *= np.sqrt(
                wanted / area[min(keep, 64) - 1]
            )  # so that the sum of areas is what was asked
        return cls(seed, um_per_px, spots)

    def cover(self, region: Region) -> Floats:
        """Return how thickly overpaint lies within a region: (h, w), 0 none .. 1 hiding all."""
        depth = np.full((region.rows, region.cols), -1, np.float32)
        row = np.arange(region.top, region.bottom, dtype=np.float64) + 0.5
        col = np.arange(region.left, region.right, dtype=np.float64) + 0.5
        for number, (at_row, at_col, tall, wide) in enumerate(self.spots):
            if abs(row - at_row).min() > 1.6 * tall or abs(col - at_col).min() > 1.6 * wide:
                continue
            v, u = (row - at_row) / tall, (col - at_col) / wide
            bent = field(v * 1.3 + 40, u * 1.3 + 40, self.seed, 610, number) * np.float32(0.30)
            # Between an ellipse and a rectangle: as far as the brush was led.
            v4, u4 = (v**4).astype(np.float32)[:, None], (u**4).astype(np.float32)[None, :]
            np.maximum(depth, np.float32(1) - np.sqrt(np.sqrt(v4 + u4)) + bent, out=depth)
        if (depth <= -0.6).all():
            return np.zeros_like(depth)
        y, x = millimetres(region, self.um_per_px)
        # Single strokes reach beyond the edge, level ones mostly.
        depth += field(y / 0.7, x / 5, self.seed, 611) * np.float32(0.10)
        depth += field(y / 2.5, x / 12, self.seed, 612) * np.float32(0.07)
        cover: Floats = np.clip(depth * np.float32(12), 0, 1)
        return cover


def retouched(losses: Losses, share: float) -> Losses:
    """Return those of the losses that were retouched, by number, about a share of them."""
    chosen = uniform(np.arange(len(losses.spots)), losses.seed, 620) < share
    return replace(losses, spots=losses.spots[chosen])
