"""Tiles that overlap, laid over each other without seams and without ghosts.

Two bands (after Burt and Adelson, ACM Trans. Graphics 2, 1983): slow changes of light are mixed over the
whole overlap, so that tiles of unlike exposure meet softly; lines are taken from the tile whose rim is
farthest, mixed over a few pixels only, so that none is seen twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.align.resample import resample
from tratteggio.align.transform import Floats, Transform, inside
from tratteggio.align.warp import BLOCK
from tratteggio.painting import Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, to_depth

COARSE = 8  # pixels that one of the slow band stands for
SLOW_PX = 24.0  # standard deviation of the Gaussian that parts the bands
SHARP = 24  # power of the distance from the rim: mixes lines over about a tenth of it


@dataclass(frozen=True, eq=False)
class Tile:
    """A tile in its place, with its slow band at reduced size.

    Attributes:
        scan: the tile.
        transform: from the mosaic to the tile.
        slow: (ceil(H / 8), ceil(W / 8), channels) float32.
        box: the region of the mosaic outside which the tile is not seen.
    """

    scan: Scan
    transform: Transform
    slow: NDArray[np.float32]
    box: Region

    @classmethod
    def of(cls, scan: Scan, transform: Transform) -> Tile:
        """Read a tile once, in bands, for its slow band."""
        bands = Region.whole(scan.grid).bands(COARSE * 32)
        reduced = np.concatenate([_coarse(np.atleast_3d(scan.read(band))) for band in bands])
        sigma = SLOW_PX / COARSE
        slow = ndimage.gaussian_filter(reduced, (sigma, sigma, 0), mode="nearest")
        back = np.linalg.inv(transform.homography)
        ends = [(r, c, 1) for r in (-0.5, scan.grid[0] - 0.5) for c in (-0.5, scan.grid[1] - 0.5)]
        corners = np.array(ends) @ back.T
        (top, left), (bottom, right) = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
        box = Region(
            int(np.floor(top)), int(np.floor(left)), int(np.ceil(bottom)) + 1, int(np.ceil(right)) + 1
        )
        return cls(scan, transform, slow, box.meet(Region.whole(transform.grid)))

    def bands(self, places: Floats) -> tuple[Array, Array]:
        """Return slow and fast band at (h, w, 2) places: (h, w, channels) each."""
        values, _ = resample(self.scan.pixels, places, stretch=self.transform.scale())
        slow, _ = resample(self.slow, (places + 0.5) / COARSE - 0.5)
        values = values if values.ndim == 3 else values[..., None]
        return slow, values - slow

    def depth(self, places: Floats) -> Floats:
        """Return how far inside the tile (h, w, 2) places lie, 0 at the rim, 1 in the middle; 0 outside."""
        half = np.array(self.scan.grid) / 2
        inner: Floats = np.clip(1 - np.abs(places + 0.5 - half) / half, 1e-3, 1).min(axis=-1)
        return np.where(inside(places, self.scan.grid), inner, 0)


def _coarse(band: Array) -> NDArray[np.float32]:
    """Return means over 8 x 8 pixels; fewer at the ends."""
    rows, cols = (np.arange(0, side, COARSE) for side in band.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(band, rows, axis=0, dtype=np.float64), cols, axis=1)
    area = np.outer(np.diff(rows, append=band.shape[0]), np.diff(cols, append=band.shape[1]))
    return np.asarray(sums / area[..., None], dtype=np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class Blended(LazyPixels):
    """The tiles as one raster, blended while it is read."""

    tiles: tuple[Tile, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Grid of the mosaic, channels of the tiles."""
        return (*self.tiles[0].transform.grid, *self.tiles[0].scan.pixels.shape[2:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the tiles."""
        return self.tiles[0].scan.dtype

    def _read(self, region: Region) -> Array:
        out = np.zeros((region.rows, region.cols, *self.shape[2:]), self.dtype)
        for block in region.tiles(BLOCK):
            out[block.relative_to(region).slices] = self._block(block)
        return out

    def _block(self, block: Region) -> Array:
        channels = self.tiles[0].slow.shape[2]
        slow, fast = (np.zeros((block.rows, block.cols, channels)) for _ in range(2))
        soft, hard = (np.zeros((block.rows, block.cols, 1)) for _ in range(2))
        for tile in self.tiles:
            if tile.box.meet(block).empty:
                continue
            places = tile.transform.over(block)
            depth = tile.depth(places)[..., None]
            low, high = tile.bands(places)
            slow, soft = slow + depth * low, soft + depth
            fast, hard = fast + depth**SHARP * high, hard + depth**SHARP
        tiny = np.finfo(np.float64).tiny
        values = np.where(soft > 0, slow / np.maximum(soft, tiny) + fast / np.maximum(hard, tiny), 0)
        values = values.reshape(block.rows, block.cols, *self.shape[2:])
        return to_depth(values, self.dtype, white=self.tiles[0].scan.metadata.white)


@dataclass(frozen=True, eq=False, repr=False)
class Covered(LazyPixels):
    """Where some tile lies."""

    tiles: tuple[Tile, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Grid of the mosaic."""
        return self.tiles[0].transform.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Boolean."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> NDArray[np.bool_]:
        out = np.zeros((region.rows, region.cols), bool)
        for block in region.tiles(BLOCK):
            for tile in self.tiles:
                if not tile.box.meet(block).empty:
                    here = inside(tile.transform.over(block), tile.scan.grid)
                    out[block.relative_to(region).slices] |= here
        return out

    def everywhere(self) -> bool:
        """True if the tiles leave no place of the mosaic out."""
        whole = Region.whole(self.tiles[0].transform.grid)
        return all(bool(self[band.slices].all()) for band in whole.bands(512))
