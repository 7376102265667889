"""A small picture of a large scan, as a screen shows it: for looking at, not for computing with."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import UnreadableFile
from tratteggio.files.icc import to_srgb8
from tratteggio.files.rasters import to_display
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.pixels import Array, block_means

log = logging.getLogger("tratteggio")

BAND_ROWS = 256


def overview(
    scan: Scan, *, longest: int = 1600, pixels: Pixels | None = None, region: Region | None = None
) -> NDArray[np.uint8]:
    """Return a viewing copy in sRGB, upright, alpha left aside.

    Args:
        scan: whose profile and orientation count.
        longest: the longer side of the picture is at most this; nothing is ever enlarged.
        pixels: shown in place of the scan's own, on the same grid (a proposal).
        region: what to show, in stored pixels; None shows all.

    Returns:
        (h, w, 3) uint8.
    """
    source = scan.pixels if pixels is None else pixels
    level = _level(source, longest) if region is None else source
    if level is not source:
        try:
            return _shown(scan, level, Region.whole((level.shape[0], level.shape[1])), longest)
        except UnreadableFile as error:
            log.warning("a smaller copy in the pyramid of %s is left aside: %s", scan.name, error)
    return _shown(scan, source, region or Region.whole((source.shape[0], source.shape[1])), longest)


def _shown(scan: Scan, source: Pixels, region: Region, longest: int) -> NDArray[np.uint8]:
    """Reduce, convert and turn a region."""
    longer = max(region.rows, region.cols)
    parts = []
    for part in _reduced(source, region, max(1, longer // longest)):
        colours = part[..., None] if part.ndim == 2 else part[..., : scan.channels]
        parts.append(to_srgb8(colours, scan.metadata.icc, scan.white))
    shown = np.concatenate(parts)
    scale = min(1.0, longest / longer)
    rows, cols = (max(1, round(side * scale)) for side in (region.rows, region.cols))
    if (rows, cols) != shown.shape[:2]:
        from PIL import Image  # noqa: PLC0415 only this needs Pillow

        shown = np.asarray(Image.fromarray(shown).resize((cols, rows), Image.Resampling.BOX))
    return np.ascontiguousarray(to_display(shown, scan.metadata.orientation))


def _level(pixels: Pixels, longest: int) -> Pixels:
    """Return the smallest pyramid level that is still large enough, or the pixels themselves."""
    large = [level for level in getattr(pixels, "levels", ()) if max(level.shape[:2]) >= longest]
    return large[-1] if large else pixels


def _reduced(pixels: Pixels, region: Region, step: int) -> Iterator[Array]:
    """Return the mean of step x step pixels (fewer at the end), in the dtype of the pixels, band by band."""
    dtype = np.dtype(pixels.dtype)
    for band in region.bands(step * max(1, BAND_ROWS // step)):
        array = np.asarray(pixels[band.slices])
        if step > 1:
            with np.errstate(invalid="ignore"):  # NaN of a float scan stays NaN
                mean = block_means(array, step, dtype=np.float64)
            array = (np.rint(mean) if dtype.kind == "u" else mean).astype(dtype)
        yield array
