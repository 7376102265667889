"""Reading at reduced scale: means of blocks, from the smaller copies of a file where it has any."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.painting.pixels import Array, Pixels, block_means
from tratteggio.painting.region import Region

log = logging.getLogger("tratteggio")

BAND_PX = 1 << 21  # pixels in memory at a time; more only if one block is larger


@runtime_checkable
class Pyramid(Protocol):
    """Pixels that have smaller copies of themselves, as a pyramidal TIFF and an OME-Zarr have.

    Each pixel of a copy stands for factor x factor pixels, counted from the upper left corner; the factor is
    a whole number. The rows and columns of a copy are those of the pixels over the factor, rounded up or
    down. Other copies are not used.
    """

    @property
    def levels(self) -> Sequence[Pixels]:
        """The copies, of the same dtype and channels."""


def levels_of(pixels: Pixels) -> list[tuple[int, Pixels]]:
    """Return (factor, copy) for each smaller copy that can be used, the smallest copy first."""
    levels = pixels.levels if isinstance(pixels, Pyramid) else ()
    found = [(factor, level) for level in levels if (factor := _factor(pixels, level)) > 1]
    return sorted(found, key=lambda one: -one[0])


def _factor(pixels: Pixels, level: Pixels) -> int:
    """Return how many pixels a side one pixel of a copy stands for; 0 if that is no whole number."""
    factor = round(max(pixels.shape[:2]) / max(level.shape[:2]))
    fits = all(
        abs(small * factor - whole) < factor
        for small, whole in zip(level.shape[:2], pixels.shape[:2], strict=True)
    )
    return factor if fits else 0


def cells_of(region: Region, step: int) -> Region:
    """Return the blocks of `step` pixels a side that a region touches, counted in blocks.

    Example:
        >>> cells_of(Region(5, 8, 12, 16), 4)
        Region(top=1, left=2, bottom=3, right=4)
    """
    return Region(
        region.top // step, region.left // step, -(-region.bottom // step), -(-region.right // step)
    )


def read_reduced(pixels: Pixels, region: Region | None = None, *, step: int) -> Array:
    """Return the means of blocks of step x step pixels: for looking at, not for computing with.

    The blocks lie on one lattice, which begins at the upper left corner of the pixels. So two readings agree
    where they overlap, and the reading of a part is a part of the reading of the whole. Blocks that a region
    only touches are read too; those at the right and bottom end of the pixels may be smaller.

    The smallest copy whose factor divides `step` is read (see `Pyramid`), else the pixels themselves, in
    bounded memory. What a copy shows depends on the program that wrote it: it may differ from the exact
    means, and ours differ by the rounding of each level.

    Args:
        pixels: (H, W) or (H, W, C), of numbers.
        region: in pixels; None means all. What lies beyond the pixels is cut off.
        step: pixels a side of a block, 1 or more.

    Returns:
        (rows, columns) of `cells_of(region, step)`, and channels, in the dtype of the pixels; means are
        rounded for integers. A block with a NaN gives NaN.

    Raises:
        BadUsage: step is less than 1.
        UnreadableFile: the file is damaged. A copy that is damaged is left out with a note.

    Example:
        >>> read_reduced(np.arange(24, dtype=np.uint8).reshape(4, 6), Region(0, 1, 2, 4), step=2)
        array([[4, 6]], dtype=uint8)
    """
    if step < 1:
        raise BadUsage(f"step must be a number of pixels, 1 or more, got {step}", option="step")
    grid = Region.whole((pixels.shape[0], pixels.shape[1]))
    region = grid if region is None else region.meet(grid)
    if region.empty:
        return np.empty((max(0, region.rows), max(0, region.cols), *pixels.shape[2:]), pixels.dtype)
    if step == 1:
        return np.asarray(pixels[region.slices])
    cells = cells_of(region, step)
    for factor, level in levels_of(pixels):
        if step % factor:
            continue
        try:
            return _means(level, cells, step // factor)
        except UnreadableFile as error:
            log.warning("a smaller copy in the pyramid of an image is left out: %s", error)
    return _means(pixels, cells, step)


def _means(pixels: Pixels, cells: Region, step: int) -> Array:
    """Return the means of blocks; the last row or column stands in for one that a copy lacks."""
    rows, cols = pixels.shape[:2]
    # Where rounding down left a copy without the pixel that a block begins with, its last one is taken.
    top, left = min(cells.top * step, rows - 1), min(cells.left * step, cols - 1)
    region = Region(top, left, min(cells.bottom * step, rows), min(cells.right * step, cols))
    if step == 1:
        means = np.asarray(pixels[region.slices])
    else:
        # Whole rows where they fit: many files are stored by rows.
        wide = max(1, min(region.cols, BAND_PX // step) // step) * step
        wide = region.cols if region.cols * step <= BAND_PX else wide
        bands = region.bands(max(1, BAND_PX // (wide * step)) * step)
        means = np.concatenate([_band(pixels, band, step, wide) for band in bands])
    short = [(0, cells.rows - means.shape[0]), (0, cells.cols - means.shape[1])]
    return np.pad(means, short + [(0, 0)] * (means.ndim - 2), mode="edge")


def _band(pixels: Pixels, band: Region, step: int, wide: int) -> Array:
    """Return the means of a band, at most `wide` columns at a time."""
    starts = range(band.left, band.right, wide)
    parts = [band._replace(left=left, right=min(left + wide, band.right)) for left in starts]
    return np.concatenate([_mean(pixels, part, step) for part in parts], axis=1)


def _mean(pixels: Pixels, region: Region, step: int) -> Array:
    array, dtype = np.asarray(pixels[region.slices]), np.dtype(pixels.dtype)
    with np.errstate(invalid="ignore"):  # NaN of a float scan stays NaN
        mean: Any = block_means(array, step, dtype=np.float64)
    return np.asarray((np.rint(mean) if dtype.kind == "u" else mean).astype(dtype))
