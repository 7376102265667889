"""A small image of a large scan, as a screen shows it: for looking at, not for computing with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.files.icc import to_srgb8
from tratteggio.files.rasters import to_display
from tratteggio.painting import Pixels, Region, Scan, read_reduced
from tratteggio.painting.pixels import Array
from tratteggio.painting.reduced import cells_of, levels_of

BAND_PX = 1 << 20  # reduced pixels whose colours are converted at a time


def overview(
    scan: Scan, *, longest: int = 1600, pixels: Pixels | None = None, region: Region | None = None
) -> NDArray[np.uint8]:
    """Return a viewing copy in sRGB, upright, alpha left out.

    A scan with smaller copies (see `tratteggio.painting.Pyramid`) is read at the copy that fits.

    Args:
        scan: whose profile and orientation count.
        longest: the longer side of the image is at most this; nothing is ever enlarged.
        pixels: shown in place of the scan's own, on the same grid (a proposal).
        region: what to show, in stored pixels; None shows all.

    Returns:
        (h, w, 3) uint8.
    """
    source = scan.pixels if pixels is None else pixels
    region = region or Region.whole((source.shape[0], source.shape[1]))
    longer = max(region.rows, region.cols)
    step = _step(source, max(1, longer // longest))
    # Whole blocks, so that bands meet without sharing any.
    blocks = Region(*(edge * step for edge in cells_of(region, step)))
    bands = blocks.bands(step * max(1, BAND_PX // max(1, blocks.cols // step)))
    shown = np.concatenate([_srgb(scan, read_reduced(source, band, step=step)) for band in bands])
    scale = min(1.0, longest / longer)
    rows, cols = (max(1, round(side * scale)) for side in (region.rows, region.cols))
    if (rows, cols) != shown.shape[:2]:
        from PIL import Image  # noqa: PLC0415 only this needs Pillow

        top, left, bottom, right = (edge / step for edge in region.relative_to(blocks))
        image = Image.fromarray(shown)
        shown = np.asarray(image.resize((cols, rows), Image.Resampling.BOX, box=(left, top, right, bottom)))
    return np.ascontiguousarray(to_display(shown, scan.metadata.orientation))


def _step(pixels: Pixels, most: int) -> int:
    """Return the largest step up to `most` that the smallest fitting copy can be read at."""
    factor = next((factor for factor, _ in levels_of(pixels) if factor <= most), 1)
    return most // factor * factor


def _srgb(scan: Scan, part: Array) -> NDArray[np.uint8]:
    colours = part[..., None] if part.ndim == 2 else part[..., : scan.channels]
    return to_srgb8(colours, scan.metadata.icc, scan.white)
