"""Other places of a painting laid beside a window, so that patches may come from there as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.pixels import Array, Lost

GRID = 32  # pixels: swatches begin at its multiples, so that halving a picture does not mix them


class Swatch(NamedTuple):
    """Paint of some other place.

    Attributes:
        colours: (h, w, channels), as those of the window.
        known: (h, w) bool, paint that may be copied.
    """

    colours: Array
    known: Lost


class Hint(NamedTuple):
    """What another scan shows, where paint is lost, too.

    Attributes:
        values: (h, w, channels), about 0 with a spread of about 1.
        told: (h, w) bool, where it is to be believed.
    """

    values: Array
    told: Lost


def laid_out(
    colours: Array, lost: Lost, more: Sequence[Swatch]
) -> tuple[NDArray[np.floating], NDArray[np.bool_], NDArray[np.bool_]]:
    """Lay swatches to the right of a window, in columns.

    Args:
        colours: (h, w, channels) of the window.
        lost: (h, w) bool.
        more: any number, of any size.

    Returns:
        colours (H, W, channels), 0 where there are none; lost (H, W), of the window; void (H, W), True where
        there is no paint and none is to be: between swatches, and where these know nothing.
    """
    height, width = lost.shape
    places, row, col, widest = [], 0, _next(width), 0
    for swatch in more:
        rows, cols = swatch.known.shape
        if row and row + rows > height:
            row, col, widest = 0, col + _next(widest), 0
        places.append((row, col))
        height, widest = max(height, row + rows), max(widest, cols)
        row += _next(rows)
    whole = height, (col + widest if more else width)
    laid, wanting, void = (
        np.zeros((*whole, colours.shape[2]), colours.dtype),
        np.zeros(whole, bool),
        np.ones(whole, bool),
    )
    here = np.s_[: lost.shape[0], : lost.shape[1]]
    laid[here], wanting[here], void[here] = colours, lost, False
    for (row, col), swatch in zip(places, more, strict=True):
        there = np.s_[row : row + swatch.known.shape[0], col : col + swatch.known.shape[1]]
        laid[there] = np.where(swatch.known[..., None], swatch.colours, 0)
        void[there] = ~swatch.known
    return laid, wanting, void


def _next(pixels: int) -> int:
    """Round up to the grid, with some of it to spare."""
    return (pixels // GRID + 1) * GRID
