"""Loss of a wanted share of the area: grown pixel by pixel in some order, and stopped at a count."""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.degradation._types import Damage, Grid
from tratteggio.degradation.losses import random_relief
from tratteggio.degradation.strokes import Stroke, draw_strokes, scribbles
from tratteggio.degradation.walk import draw_moves, path
from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Lost

Bin: TypeAlias = tuple[float, float]

BINS: tuple[Bin, ...] = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))


LOSES = True


def make(*, low: float = BINS[0][0], high: float = BINS[-1][1]) -> Damage:
    """Return the rule; a share above `low`, up to `high`."""
    return partial(in_bin, (low, high))


def in_bin(bounds: Bin, grid: Grid, rng: Generator) -> Lost:
    """Lose a share within a bin, whatever comes: low < share <= high.

    Walks, strokes of one width or ragged islands, each a third of the time, grown to a number of pixels drawn
    evenly from the bin. Liu et al. (2018) measure in `BINS`.

    Args:
        bounds: (low, high), shares of the area.
        grid: (rows, cols).
        rng: random numbers.

    Raises:
        BadUsage: no number of pixels of this grid, short of all, lies within the bin.
    """
    low, high = bounds
    area = grid[0] * grid[1]
    shares = np.arange(area) / area  # of 0, 1, ... pixels, but never of all
    least, end = np.searchsorted(shares, bounds, side="right")
    if low < 0 or least >= end:
        raise BadUsage(f"no lacunae of {grid[0]} x {grid[1]} pixels have a share in ({low}, {high}]")
    count = int(rng.integers(least, end))
    order = (_order_by_walks, _order_by_distance, _order_by_relief)[rng.integers(3)](grid, count, rng)
    return lowest(order, count)


def _order_by_walks(grid: Grid, count: int, rng: Generator) -> NDArray[np.number]:
    """Number the pixels as walks first visit them, walk after walk, until enough are visited."""
    area = grid[0] * grid[1]
    never = np.iinfo(np.int64).max
    first = np.full(area, never)
    steps = max(1, area // 4)
    walked = 0
    while np.count_nonzero(first < never) < count:
        start = int(rng.choice(np.flatnonzero(first == never)))  # so that each walk adds a pixel at least
        rows, cols = path(grid, divmod(start, grid[1]), draw_moves(steps, rng), "wall")
        visits = (rows * grid[1] + cols)[::-1]  # backwards: of several visits the first is kept
        times = walked + np.arange(steps, -1, -1)
        first[visits] = np.minimum(first[visits], times)
        walked += steps + 1
    return first.reshape(grid)


def _order_by_distance(grid: Grid, count: int, rng: Generator) -> NDArray[np.number]:
    """Measure how far the pixels lie from scribbled lines."""
    from scipy import ndimage  # noqa: PLC0415 # a second of import that training without bins can do without

    lines = 1 + int(rng.integers(1, 4) + 8 * count / (grid[0] * grid[1]))
    drawn = draw_strokes(grid, [Stroke(points, 1) for points in scribbles(grid, lines, rng)])
    if not drawn.any():  # all that was scribbled lies outside
        drawn[grid[0] // 2, grid[1] // 2] = True
    distance: NDArray[np.number] = ndimage.distance_transform_edt(~drawn)
    return distance


def _order_by_relief(grid: Grid, count: int, rng: Generator) -> NDArray[np.number]:  # noqa: ARG001 # one of three alike
    return random_relief(grid, rng)


def lowest(order: NDArray[np.number], count: int) -> Lost:
    """Lose the `count` pixels of the lowest order, the upper and left ones first where orders are equal.

    Example:
        >>> lowest(np.array([[3, 1], [1, 0]]), 2).astype(int)
        array([[0, 1],
               [0, 1]])
    """
    if count == 0:
        return np.zeros(order.shape, np.bool_)
    level = np.partition(order, count - 1, axis=None)[count - 1]
    lost: Lost = order < level
    ties = np.flatnonzero(order == level)
    lost.flat[ties[: count - np.count_nonzero(lost)]] = True
    return lost
