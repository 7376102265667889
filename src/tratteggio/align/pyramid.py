"""A scan in grey at halving sizes, and windows of it as another scan's grid sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.align.maps import Grey, grey
from tratteggio.align.transform import Floats, Transform, inside
from tratteggio.painting import Region, Scan

FINEST_PX = 4096  # longest side that is worked on: 64 MB, and a tenth of its pixel is enough for 20 000
SMALLEST_PX = 16


@dataclass(frozen=True, eq=False)
class Level:
    """A scan in grey, at a size where one pixel is the mean over factor x factor of its own.

    Attributes:
        picture: (h, w) float32; what is not seen goes on as the nearest place that is.
        seen: (h, w) bool, where the scan shows something.
        factor: whole, 1 or more.
    """

    image: Grey
    seen: NDArray[np.bool_]
    factor: int

    def full(self, places: Floats) -> Floats:
        """Return where places of this level lie in the scan."""
        return (places + 0.5) * self.factor - 0.5

    def reduced(self, places: Floats) -> Floats:
        """Return where places of the scan lie in this level."""
        return (places + 0.5) / self.factor - 0.5


@dataclass(frozen=True, eq=False)
class Pyramid:
    """Levels from fine to coarse, each half as large as the one before.

    Attributes:
        levels: the first is the finest.
        grid: (rows, cols) of the scan.
    """

    levels: tuple[Level, ...]
    grid: tuple[int, int]

    @classmethod
    def of(cls, scan: Scan) -> Pyramid:
        """Read a scan once and make all levels."""
        factor = -(-max(scan.grid) // FINEST_PX)
        levels = [Level(*_without_frame(grey(scan, factor)), factor)]
        while min(levels[-1].image.shape) >= 2 * SMALLEST_PX:
            finer = levels[-1]
            levels.append(
                Level(
                    _quarters(finer.image).mean(0),
                    np.asarray(_quarters(finer.seen).all(0)),
                    finer.factor * 2,
                )
            )
        return cls(tuple(levels), scan.grid)

    def near(self, factor: float) -> Level:
        """Return the coarsest level that is not coarser than a factor, or the finest there is."""
        return next((level for level in reversed(self.levels) if level.factor <= factor), self.levels[0])

    def at(self, places: Floats, *, spacing: float) -> tuple[Grey, NDArray[np.bool_]]:
        """Return grey values at (h, w, 2) places of the scan, `spacing` pixels apart; and what is seen."""
        level = self.near(spacing * 1.001)
        reduced = np.moveaxis(level.reduced(places), -1, 0)
        # Linear between pixels: the orientation maps made of it are smooth anyway.
        image = ndimage.map_coordinates(level.image, reduced, order=1, mode="nearest")
        seen = ndimage.map_coordinates(level.seen, reduced, order=0, mode="nearest")
        return image, inside(places, self.grid) & seen


def _without_frame(image: Grey) -> tuple[Grey, NDArray[np.bool_]]:
    """Tell a black frame, as earlier warps leave it; its rim would be the strongest contour of all."""
    labels, _ = ndimage.label(image == 0)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    seen = ~np.isin(labels, rim[rim > 0])
    if seen.all() or not seen.any():
        return image, np.ones_like(seen)
    nearest = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    return image[tuple(nearest)], seen


def _quarters(image: NDArray[Any]) -> NDArray[Any]:
    """Return the four pixels of each 2 x 2 one after the other: (4, h // 2, w // 2)."""
    rows, cols = (side // 2 * 2 for side in image.shape)
    return np.stack([image[i:rows:2, j:cols:2] for i in (0, 1) for j in (0, 1)])


def seen_through(
    transform: Transform, reference: Level, source: Pyramid, region: Region
) -> tuple[Grey, NDArray[np.bool_]]:
    """Return the source as the reference's grid sees it, over a region that may reach beyond a level."""
    rows = reference.full(np.arange(region.top, region.bottom, dtype=np.float64))
    cols = reference.full(np.arange(region.left, region.right, dtype=np.float64))
    return source.at(transform.crossing(rows, cols), spacing=reference.factor * transform.scale())
