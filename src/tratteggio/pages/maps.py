"""Reduced maps of a whole painting: where paint is lost, how sure the engine was, the proposal alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.damage import LEGEND
from tratteggio.files.rasters import to_display
from tratteggio.painting import Region, Restoration
from tratteggio.painting.pixels import Array

Map = NDArray[np.float64]

MARK = np.array(LEGEND["lacuna"].colour, float)
GROUND = np.array([141.0, 139.0, 136.0])  # a neutral wall
QUARTER_TURNED = 5  # EXIF orientations from here on swap rows and columns
# From low to high: even steps of lightness, legible to the colour-blind and in print.
SCALE = np.array([[36, 20, 84], [112, 40, 129], [196, 70, 99], [242, 132, 75], [250, 226, 140]], dtype=float)
RAMP = ", ".join("rgb({:.0f} {:.0f} {:.0f})".format(*colour) for colour in SCALE)
# Of the legend `<span class="scale">`. In the style sheet: the policy of pages forbids style attributes.
SCALE_STYLE = f"""
.scale {{ display: inline-block; width: 130px; height: 11px; vertical-align: -1px; margin: 0 7px;
  border: 1px solid var(--rule); background: linear-gradient(90deg, {RAMP}); }}
"""


def reduce_maps(restoration: Restoration, shape: tuple[int, int]) -> tuple[Map, Map]:
    """Average the lacunae and the confidence down to an upright viewing copy, in bands.

    Args:
        restoration: the proposal.
        shape: (h, w) of the viewing copy, as displayed, at most the painting's own.

    Returns:
        share (h, w), how much of each viewing pixel is lost, and confidence (h, w), its mean over the
        lost part (0 where nothing is lost); both 0 to 1.
    """
    lacunae, orientation = restoration.lacunae, restoration.original.metadata.orientation
    shape = shape[::-1] if orientation >= QUARTER_TURNED else shape
    lost_sum, sure_sum = np.zeros(shape), np.zeros(shape)
    row_of = np.arange(lacunae.grid[0]) * shape[0] // lacunae.grid[0]
    col_of = np.arange(lacunae.grid[1]) * shape[1] // lacunae.grid[1]
    starts = np.searchsorted(col_of, np.arange(shape[1]))
    for band in Region.whole(lacunae.grid).bands(512):
        lost = lacunae.read(band)
        if lost.any():
            sure = np.where(lost, np.asarray(restoration.confidence[band.slices], dtype=np.float64), 0)
            rows = row_of[band.top : band.bottom]
            np.add.at(lost_sum, rows, np.add.reduceat(lost.astype(np.float64), starts, axis=1))
            np.add.at(sure_sum, rows, np.add.reduceat(sure, starts, axis=1))
    area = np.bincount(row_of, minlength=shape[0])[:, None] * np.bincount(col_of, minlength=shape[1])
    share, sure = lost_sum / area, sure_sum / np.maximum(lost_sum, 1)
    return to_display(share, orientation), to_display(sure, orientation)


def place_upright(row: float, col: float, orientation: int) -> tuple[float, float]:
    """Turn a position in the stored image, as shares of its height and width, to the upright one.

    Example:
        A quarter turn clockwise brings the lower left corner to the upper left:

        >>> place_upright(1.0, 0.0, 6)
        (0.0, 0.0)
    """
    if orientation in (3, 4, 7, 6):
        row = 1 - row
    if orientation in (2, 3, 7, 8):
        col = 1 - col
    return (col, row) if orientation >= QUARTER_TURNED else (row, col)


def mark_lacunae(image: Array, share: Map) -> Array:
    """Mark the lacunae on a pale copy of an image: (h, w, 3) uint8."""
    grey = image.mean(axis=2, keepdims=True)
    paled = 0.35 * image + 0.35 * grey + 0.3 * 255
    return _mix(paled, MARK, _shown(share))


def isolate_fill(proposal: Array, share: Map) -> Array:
    """Show the proposal in the lacunae only, the rest in a neutral grey: (h, w, 3) uint8."""
    return _mix(GROUND, proposal.astype(np.float64), _shown(share))


def confidence_map(sure: Map, share: Map) -> Array:
    """Colour the confidence in the lacunae, the rest in a neutral grey: (h, w, 3) uint8."""
    return _mix(GROUND, apply_colours(sure), _shown(share))


def apply_colours(values: Map) -> Map:
    """Turn 0 .. 1 into colours from dark violet to pale yellow: (..., 3), 0 to 255."""
    steps = np.linspace(0, 1, len(SCALE))
    return np.stack([np.interp(values, steps, channel) for channel in SCALE.T], axis=-1)


def _shown(share: Map) -> Map:
    # A crack of one pixel would vanish in a copy reduced tenfold: anything lost shows at least by half.
    return np.where(share > 0, 0.5 + 0.5 * share, 0.0)[..., None]


def _mix(below: Map, above: Map, opacity: Map) -> Array:
    return np.asarray(np.rint(below + opacity * (above - below)).astype(np.uint8))
