"""From a mask file to lacunae and back: white is lost, the threshold is 50 %."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np

from tratteggio.errors import GridMismatch, UnsupportedFile
from tratteggio.files.rasters import Stored
from tratteggio.files.reading import open_scan
from tratteggio.painting import Lacunae, Mapped, Pixels, Region, Scan
from tratteggio.painting.pixels import Array, Lost

log = logging.getLogger("tratteggio")


def read_lacunae(path: str | os.PathLike[str], scan: Scan | None = None) -> Lacunae:
    """Open a mask: grey or RGB, 1, 8 or 16 bit, white = lost; alpha is left aside.

    Grey levels are binarised at 50 % (RGB: the mean of the channels), and a note says so. A mask is never
    resized. If it matches the scan as a viewer shows it, turned by its orientation tag, it is turned back.

    Args:
        path: the mask file.
        scan: whose lacunae these are; the grids must then agree.

    Raises:
        GridMismatch: mask and scan differ in size.
        UnsupportedFile: palette, CMYK or float mask.
        UnreadableFile, BadUsage: as `read`.
    """
    mask = open_scan(Path(path), modality="lost", bilevel=True)
    if mask.dtype.kind == "f":
        raise UnsupportedFile(
            f"{path} holds {mask.dtype.name} values, but a mask is 1, 8 or 16 bit; convert it first"
        )
    if scan is not None and mask.grid != scan.grid and not _is_displayed(mask, scan):
        raise GridMismatch(
            f"mask and scan must share a grid (rows x columns), but {mask.name} is "
            f"{mask.grid[0]} x {mask.grid[1]} "
            f"and {scan.name} is {scan.grid[0]} x {scan.grid[1]}; export the mask at the scan's size"
        )
    _note_grey_levels(mask)
    lost: Pixels = Mapped(mask.pixels, lambda array: _lost(array, mask), 0, np.dtype(bool))
    if scan is not None:
        lost = _aligned(lost, mask, scan)
    return Lacunae(lost, str(path))


def _white(mask: Scan) -> int:
    """Return the sum over the colour channels at full range."""
    return int(np.iinfo(mask.dtype).max) * mask.channels


def _levels(array: Array, mask: Scan) -> Array:
    """Return the sum over the colour channels: (h, w), 0 = black whatever the file calls it."""
    if array.ndim == 2:
        levels = array
    elif mask.channels == 1:
        levels = array[..., 0]
    else:
        levels = array[..., : mask.channels].sum(axis=-1, dtype=np.uint32)
    return _white(mask) - levels if mask.metadata.foreign.get("photometric") == "miniswhite" else levels


def _lost(array: Array, mask: Scan) -> Lost:
    lost: Lost = _levels(array, mask) > _white(mask) // 2
    return lost


def _note_grey_levels(mask: Scan) -> None:
    between = 0
    for band in Region.whole(mask.grid).bands(1024):
        levels = _levels(mask.read(band), mask)
        between += int(np.count_nonzero((levels != 0) & (levels != _white(mask))))
    if between:
        log.warning(
            "%s holds grey levels in %.3g %% of its pixels; it is binarised at 50 %%, lighter is lost",
            mask.name,
            100 * between / (mask.grid[0] * mask.grid[1]),
        )


def _is_displayed(mask: Scan, scan: Scan) -> bool:
    """True if the mask has the scan's size after a quarter turn, and the scan's orientation asks for one."""
    return scan.metadata.orientation >= 5 and mask.grid == scan.grid[::-1]


def _aligned(lost: Pixels, mask: Scan, scan: Scan) -> Pixels:
    orientation = scan.metadata.orientation
    if mask.grid != scan.grid:
        log.warning(
            "%s matches %s as displayed (orientation %d); it was turned to the stored order",
            mask.name,
            scan.name,
            orientation,
        )
        return Stored(lost, orientation)
    if orientation != mask.metadata.orientation and (
        orientation in (2, 3, 4) or scan.grid[0] == scan.grid[1]
    ):
        log.warning(
            "%s is displayed turned (orientation %d), %s is not; the mask is taken in stored order",
            scan.name,
            orientation,
            mask.name,
        )
    return lost
