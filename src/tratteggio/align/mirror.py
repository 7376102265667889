"""Scans that were turned over, as X-ray films often are: left and right exchanged, read by region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tratteggio.align.transform import Transform
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array


@dataclass(frozen=True, eq=False, repr=False)
class Mirrored(LazyPixels):
    """Pixels with their columns in reverse order."""

    pixels: Pixels

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the pixels."""
        return tuple(self.pixels.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the pixels."""
        return np.dtype(self.pixels.dtype)

    def _read(self, region: Region) -> Array:
        cols = self.shape[1]
        there = Region(region.top, cols - region.right, region.bottom, cols - region.left)
        return np.asarray(self.pixels[there.slices])[:, ::-1]


def mirror_scan(scan: Scan) -> Scan:
    """Return a scan with left and right exchanged, lazily."""
    seen = None if scan.seen is None else Mirrored(scan.seen)
    return replace(scan, pixels=Mirrored(scan.pixels), seen=seen)


def mirror_transform(transform: Transform) -> Transform:
    """Make a transform to the mirrored scan one to the scan itself."""
    back = np.array([[1, 0, 0], [0, -1, transform.source_grid[1] - 1], [0, 0, 1.0]])
    return replace(transform, homography=back @ transform.homography)
