"""Let the known paint flow into the lacunae until it is in balance: Laplace's equation, by multigrid.

At each lost pixel the fill is the mean of its neighbours (up, down, left, right; at the border of the
image of those that exist), the steady state of heat flow from the rims. Solved by nested iteration and
V-cycles with red-black Gauss-Seidel smoothing (A. Brandt 1977, "Multi-level adaptive solutions to
boundary-value problems", doi:10.1090/S0025-5718-1977-0431719-X): time and memory grow with the number
of pixels only, however wide a lacuna is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, GridMismatch

CYCLES = (
    2  # per level; measured on paintings: 0.15 of 255 levels (RMS) are left, and each cycle takes 2/3 off
)
SWEEPS = 2  # of smoothing, before and after each visit to the coarser level
LAST_SWEEPS = 8  # where no coarser level holds a lost cell: strips of a cell or two, settled quickly

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Level:
    """One grid of the pyramid; lost cells are numbered, the red half of the chequerboard first.

    Attributes:
        lost: (h, w).
        cells: (n,) flat index of each lost cell.
        around: (4, n) flat index of its neighbours; the cell itself where the grid ends.
        reds: how many of the cells are red.
    """

    lost: NDArray[np.bool_]
    cells: NDArray[np.intp]
    around: NDArray[np.intp]
    reds: int


def diffuse(image: NDArray[Any], lost: NDArray[np.bool_]) -> Floats:
    """Fill lost pixels with the solution of Laplace's equation.

    The fill stays within the range of the known pixels and carries a linear ramp across a lacuna that
    does not touch the border, both to the solver's accuracy; a constant comes back exactly.

    Args:
        image: (H, W) or (H, W, C), any real dtype; what lost pixels hold does not matter.
        lost: (H, W), True where paint is lost.

    Returns:
        float32 of the image's shape and units: the known pixels as they are, the lost ones filled;
        all 0 if nothing is known.

    Raises:
        GridMismatch: image and lost differ in rows or columns.
        BadUsage: lost is not boolean, or the image has not two or three axes.

    Example:
        The one lost pixel is the mean of its neighbours, whatever it held before:

        >>> image = np.array([[0, 1, 0], [2, 99, 4], [0, 5, 0]])
        >>> float(diffuse(image, image == 99)[1, 1])
        3.0
    """
    if lost.ndim != 2 or lost.dtype != np.bool_ or image.ndim not in (2, 3):
        raise BadUsage(
            "diffuse takes an image (H, W) or (H, W, C) and a boolean array (H, W), "
            f"got {image.shape} and {lost.dtype.name} {lost.shape}"
        )
    if image.shape[:2] != lost.shape:
        raise GridMismatch(f"image is {image.shape[:2]} and lost is {lost.shape} (rows, columns)")
    known = ~lost
    if not known.any():
        return np.zeros(image.shape, dtype=np.float32)
    # Around the mean: float32 then resolves the differences, and a constant becomes an exact 0.
    middle = image[known].mean(axis=0, dtype=np.float64)
    values = (image - middle).astype(np.float32).reshape(*lost.shape, -1)
    values[lost] = 0
    filled: Floats = (_solve(values, _levels(lost)).reshape(image.shape) + middle).astype(np.float32)
    filled[known] = image[known]
    return filled


def _levels(lost: NDArray[np.bool_]) -> list[Level]:
    """Halve the grid until no cell is lost; a coarse cell is lost if all that it covers is."""
    levels = []
    while lost.any():
        levels.append(_level(lost))
        lost = _four(~lost[..., None])[..., 0] == 0
    return levels


def _level(lost: NDArray[np.bool_]) -> Level:
    rows, cols = np.nonzero(lost)
    black = (rows + cols) % 2
    order = np.argsort(black, kind="stable")
    rows, cols = rows[order], cols[order]
    height, width = lost.shape
    # A missing neighbour is replaced by the cell itself: the mean then settles where the others' mean does.
    around = np.stack(
        [
            np.maximum(rows - 1, 0) * width + cols,
            np.minimum(rows + 1, height - 1) * width + cols,
            rows * width + np.maximum(cols - 1, 0),
            rows * width + np.minimum(cols + 1, width - 1),
        ]
    )
    return Level(lost, rows * width + cols, around, len(black) - int(black.sum()))


def _solve(values: Floats, levels: list[Level]) -> Floats:
    """Fill the first of `levels`, starting from the next coarser one's fill; lost values come in as 0."""
    if not levels:
        return values
    lost = levels[0].lost[..., None]
    known = _four(~lost)
    means = (_four(values) / np.maximum(known, 1)).astype(np.float32, copy=False)
    coarse = _solve(means, levels[1:])
    values = np.where(lost, _double(coarse, lost.shape), values)
    balance = np.zeros((len(levels[0].cells), values.shape[2]), dtype=np.float32)
    for _ in range(CYCLES):
        _cycle(values, balance, levels)
    return values


def _cycle(values: Floats, rhs: Floats, levels: list[Level]) -> None:
    """One V-cycle, in place, for 4 u - (sum of neighbours) = rhs at the lost cells of the first level."""
    level, coarser = levels[0], levels[1:]
    flat = values.reshape(-1, values.shape[2])
    _smooth(flat, rhs, level, SWEEPS if coarser else LAST_SWEEPS)
    if not coarser:
        return
    residual = np.zeros_like(values)
    residual.reshape(flat.shape)[level.cells] = rhs - 4 * flat[level.cells] + _neighbours(flat, level.around)
    # Four cells' residuals add up: the step is twice as wide, so the coarse operator is four times as large.
    wanted = _four(residual).reshape(-1, values.shape[2])[coarser[0].cells]
    error = np.zeros((*coarser[0].lost.shape, values.shape[2]), dtype=np.float32)
    _cycle(error, wanted, coarser)
    flat[level.cells] += _double(error, values.shape).reshape(flat.shape)[level.cells]
    _smooth(flat, rhs, level, SWEEPS)


def _smooth(flat: Floats, rhs: Floats, level: Level, sweeps: int) -> None:
    """Gauss-Seidel: red cells have black neighbours only and the reverse, so each half is one step."""
    halves = (slice(None, level.reds), slice(level.reds, None))
    for _ in range(sweeps):
        for half in halves:
            flat[level.cells[half]] = (rhs[half] + _neighbours(flat, level.around[:, half])) / 4


def _neighbours(flat: Floats, around: NDArray[np.intp]) -> Floats:
    up, down, left, right = around
    # take, not flat[up]: half the time for rows of a few channels.
    total: Floats = flat.take(up, 0)
    for side in (down, left, right):
        total += flat.take(side, 0)
    return total


def _four(values: NDArray[Any]) -> Floats:
    """Add up each 2 x 2 cells: (h, w, c) -> (ceil(h / 2), ceil(w / 2), c); beyond the border there is 0."""
    odd = [(0, values.shape[0] % 2), (0, values.shape[1] % 2), (0, 0)]
    even = np.pad(values.astype(np.float32, copy=False), odd)
    total: Floats = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return total


def _double(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Interpolate linearly to twice the grid, (h, w, c) -> `shape`: 3/4 the near cell, 1/4 the next."""
    for length in shape[:2]:  # down, then across: each pass ends with a transposition
        near = np.float32(0.75) * values
        longer = np.empty((2 * len(values), *values.shape[1:]), dtype=np.float32)
        longer[::2] = near + np.concatenate([values[:1], values[:-1]]) / 4
        longer[1::2] = near + np.concatenate([values[1:], values[-1:]]) / 4
        values = longer[:length].swapaxes(0, 1)
    return values
