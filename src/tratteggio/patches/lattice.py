"""Nodes over the lacunae, half a patch apart, and the places where whole patches of known paint begin.

A node is a patch that holds something lost; a label is the place of a patch that holds nothing lost. Both
are named by the flat index of their upper left pixel on a grid with a border: half a patch on every side,
and more below and on the right until the lattice ends with the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting.pixels import Lost

Kind = TypeVar("Kind", bound=np.generic)
Floats = NDArray[np.float32]
Numbers = NDArray[np.intp]

SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # above, below, left, right
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))


@dataclass(frozen=True, eq=False)
class Lattice:
    """One painting, or one level of its pyramid, seen as patches.

    Attributes:
        patch: side of a patch in pixels, even; nodes are half of it apart.
        border: ((above, below), (left, right)), pixels added to the painting.
        lost: (h, w) bool, border included, where nothing is lost.
        inside: (h, w) bool, False on the border and wherever there is no painting.
        whole: (h, w) bool, True where a patch of known paint begins.
        rows, cols: (n,) place of each node on the lattice.
        at: (n,) flat index of each node's upper left pixel.
        around: (n, 8) number of the next node above, below, left, right and at the corners; -1 for none.
        number: (lattice rows + 2, lattice columns + 2) number of the node at each place; -1 for none.
    """

    patch: int
    border: tuple[tuple[int, int], tuple[int, int]]
    lost: Lost
    inside: Lost
    whole: Lost
    rows: Numbers
    cols: Numbers
    at: Numbers
    around: Numbers
    number: Numbers

    @property
    def step(self) -> int:
        """Pixels from one node to the next."""
        return self.patch // 2

    @property
    def square(self) -> Numbers:
        """Offsets of the pixels of a patch, (patch, patch), in flat indices."""
        offsets: Numbers = np.arange(self.patch)[:, None] * self.lost.shape[1] + np.arange(self.patch)
        return offsets

    def with_border(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Add the border to (H, W, channels), repeating what is at the edge."""
        return np.pad(values, (*self.border, (0, 0)), mode="edge")

    def without_border(self, values: NDArray[Kind]) -> NDArray[Kind]:
        """Take the border off (h, w, channels)."""
        (top, bottom), (left, right) = self.border
        return values[top : len(values) - bottom, left : values.shape[1] - right]


def lay(lost: Lost, *, patch: int, void: Lost | None = None) -> Lattice:
    """Lay a lattice over the lacunae.

    Args:
        lost: (H, W), True where paint is lost.
        patch: side of a patch in pixels, even.
        void: (H, W), True where there is no painting, as on the border; nothing is lost there.
    """
    step = patch // 2
    border = (step, step + -lost.shape[0] % step), (step, step + -lost.shape[1] % step)
    inside = np.pad(np.ones_like(lost) if void is None else ~void, border)
    lost = np.pad(lost, border)
    width = lost.shape[1]
    whole = np.zeros_like(lost)
    counts = box_sums(inside & ~lost, patch)
    whole[: counts.shape[0], : counts.shape[1]] = counts == patch * patch
    touched = box_sums(lost, patch)[::step, ::step] > 0
    rows, cols = np.nonzero(touched)
    number = np.full((touched.shape[0] + 2, touched.shape[1] + 2), -1)
    number[rows + 1, cols + 1] = np.arange(len(rows))
    around = np.stack([number[rows + 1 + down, cols + 1 + right] for down, right in SIDES + CORNERS], axis=1)
    at = rows * step * width + cols * step
    return Lattice(patch, border, lost, inside, whole, rows, cols, at, around, number)


def box_sums(values: NDArray[np.generic], side: int) -> NDArray[np.float64]:
    """Sum over side x side boxes, by their upper left pixel: (h, w) -> (h - side + 1, w - side + 1)."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(np.cumsum(values, axis=0, dtype=np.float64), axis=1, out=sums[1:, 1:])
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]


def nearest_whole(lattice: Lattice) -> Numbers:
    """Return for every pixel, by flat index, the nearest place where a patch of known paint begins."""
    rows, cols = ndimage.distance_transform_edt(~lattice.whole, return_distances=False, return_indices=True)
    nearest: Numbers = (rows.astype(np.intp) * lattice.lost.shape[1] + cols).ravel()
    return nearest
