"""Any region of a scan at any halving, from the pyramid in its file or by means of blocks."""

from __future__ import annotations

import numpy as np

from tratteggio.painting import Pixels, Region
from tratteggio.painting.pixels import Array, block_means

TILE = 512
BAND_BYTES = 32 << 20  # of a file without a pyramid, read at once


def halvings(grid: tuple[int, int]) -> int:
    """Return how often a grid is halved until one tile holds it."""
    count = 0
    while max(grid) > TILE << count:
        count += 1
    return count


def tile_region(grid: tuple[int, int], halving: int, row: int, col: int) -> Region | None:
    """Return what a tile of a halving covers, in full pixels; None if there is no such tile."""
    side = TILE << halving
    region = Region(row * side, col * side, (row + 1) * side, (col + 1) * side).meet(Region.whole(grid))
    return None if min(row, col, halving) < 0 or region.empty or halving > halvings(grid) else region


def read_reduced(pixels: Pixels, region: Region, halving: int) -> Array:
    """Read a region as means of blocks of 2**halving pixels a side, in the dtype of the pixels.

    Args:
        pixels: read from the level of their pyramid that lies next below, if they have one.
        region: begins at a multiple of the block.
        halving: 0 reads the pixels themselves.
    """
    source, done = _level(pixels, halving)
    lower = Region(
        region.top >> done, region.left >> done, -(-region.bottom >> done), -(-region.right >> done)
    ).meet(Region.whole((source.shape[0], source.shape[1])))
    step = 1 << (halving - done)
    if step == 1:
        return np.asarray(source[lower.slices])
    dtype = np.dtype(pixels.dtype)
    row_bytes = max(1, lower.cols * dtype.itemsize * int(np.prod(source.shape[2:], dtype=int)))
    parts = [
        _means(np.asarray(source[band.slices]), step)
        for band in lower.bands(step * max(1, BAND_BYTES // row_bytes // step))
    ]
    return np.concatenate(parts)


def _level(pixels: Pixels, halving: int) -> tuple[Pixels, int]:
    """Return the smallest level that is large enough, and how often it is halved."""
    found, done = pixels, 0
    for level in getattr(pixels, "levels", ()):
        for count in range(done + 1, halving + 1):
            # Other programs round down where we round up; a row less at the rim is not seen.
            rows, cols = (pixels.shape[axis] / 2**count for axis in (0, 1))
            if abs(level.shape[0] - rows) < 1 and abs(level.shape[1] - cols) < 1:
                found, done = level, count
    return found, done


def _means(array: Array, step: int) -> Array:
    if array.dtype == np.bool_:
        return np.asarray(block_means(array, step, dtype=np.float64) > 0)
    rows, cols = array.shape[0] // step, array.shape[1] // step
    with np.errstate(invalid="ignore"):  # NaN of a float scan stays NaN
        if rows * step == array.shape[0] and cols * step == array.shape[1]:
            blocks = array.reshape(rows, step, cols, step, *array.shape[2:])
            kind = np.uint64 if array.dtype.kind == "u" else np.float64
            total = blocks.sum(axis=1, dtype=np.uint32 if kind is np.uint64 else kind).sum(axis=2, dtype=kind)
            mean = total / step**2
        else:
            mean = block_means(array, step, dtype=np.float64)
    means: Array = (np.rint(mean) if array.dtype.kind == "u" else mean).astype(array.dtype)
    return means
