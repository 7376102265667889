"""Places of one level that look for paint, the patches that they may find, and the pixels that they cover.

A patch is named by the flat index of its centre on a grid with a border of `REACH` pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting.pixels import Lost
from tratteggio.patches.lattice import Floats, Numbers, box_sums

SIDE = 7  # pixels of a patch
REACH = SIDE // 2


@dataclass(frozen=True, eq=False)
class Places:
    """Places that touch something lost, on a regular grid, with a border around the level.

    Attributes:
        shape: (h, w) with the border.
        stride: pixels from one place to the next.
        lost: (h, w) bool.
        void: (h, w) bool, True where there is no painting, as on the border.
        whole: (h, w) bool, True at the centre of a patch of known paint.
        at: (n,) flat index of the centre of each place.
        number: (rows, cols) number of the place at each point of the grid, -1 for none; a margin of 1.
        grid: (n, 2) row and column of each place in `number`.
        depth: (n,) pixels from the centre to known paint.
        pixels: (m,) flat index of each lost pixel.
        over: (m, k) numbers of the places whose patch holds the pixel, -1 for none.
    """

    shape: tuple[int, int]
    stride: int
    lost: Lost
    void: Lost
    whole: Lost
    at: Numbers
    number: Numbers
    grid: Numbers
    depth: Floats
    pixels: Numbers
    over: Numbers

    @property
    def width(self) -> int:
        """Of a row, border included."""
        return self.shape[1]


def find_places(lost: Lost, void: Lost, *, stride: int) -> Places:
    """Find the places of a level.

    Args:
        lost: (H, W) bool.
        void: (H, W) bool, True where there is no painting; nothing is lost there.
        stride: pixels from one place to the next, at most `SIDE`.
    """
    void, lost = np.pad(void, REACH, constant_values=True), np.pad(lost, REACH)
    whole = np.zeros_like(lost)
    whole[REACH:-REACH, REACH:-REACH] = box_sums(~(lost | void), SIDE) == SIDE * SIDE
    points = np.zeros_like(lost)
    points[REACH:-REACH:stride, REACH:-REACH:stride] = True
    rows, cols = np.nonzero(points & ndimage.maximum_filter(lost, size=SIDE))
    number = np.full([-(-(side - 2 * REACH) // stride) + 2 for side in lost.shape], -1)
    grid = np.stack([(rows - REACH) // stride + 1, (cols - REACH) // stride + 1], axis=1)
    number[grid[:, 0], grid[:, 1]] = np.arange(len(rows))
    at = rows * lost.shape[1] + cols
    depth = ndimage.distance_transform_edt(lost).ravel()[at].astype(np.float32)
    pixels = np.flatnonzero(lost)
    over = _cover(number, stride, *np.divmod(pixels, lost.shape[1]))
    return Places(lost.shape, stride, lost, void, whole, at, number, grid, depth, pixels, over)


def _cover(number: Numbers, stride: int, rows: Numbers, cols: Numbers) -> Numbers:
    """Return the numbers of the places over pixels: centres at most `REACH` rows and columns away."""
    found = []
    for down in range(-(-SIDE // stride)):
        for right in range(-(-SIDE // stride)):
            row, col = rows // stride - down, cols // stride - right  # of the grid, without its margin
            near = (np.abs(REACH + row * stride - rows) <= REACH) & (
                np.abs(REACH + col * stride - cols) <= REACH
            )
            row, col = (
                np.clip(one + 1, 0, side - 1) for one, side in zip((row, col), number.shape, strict=True)
            )
            found.append(np.where(near, number[row, col], -1))
    return np.stack(found, axis=1)


def with_border(values: NDArray[np.floating]) -> Floats:
    """Add the border to (H, W, c), repeating what is at the edge."""
    wide = np.pad(values, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
    return np.ascontiguousarray(wide, dtype=np.float32)


def without_border(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Take the border off (h, w, c)."""
    return values[REACH:-REACH, REACH:-REACH]
