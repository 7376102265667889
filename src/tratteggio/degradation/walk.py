"""Loss along a random walk from pixel to pixel (Dunhuang poster)."""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.degradation._types import Damage, Grid
from tratteggio.painting.pixels import Lost

LOSES = True

Border: TypeAlias = Literal["open", "wall"]
Moves: TypeAlias = NDArray[np.integer]

_DOWN = np.array([-1, 0, 1, 0], np.int32)  # moves 0 .. 3: up, right, down, left
_RIGHT = np.array([0, 1, 0, -1], np.int32)


def make(
    *, density: float = 50_000, stroke: int = 1, border: Border = "open", margin: float = 50 / 256
) -> Damage:
    """Return the rule; options as in `random_walk`."""
    return partial(random_walk, density=density, stroke=stroke, border=border, margin=margin)


def walk(grid: Grid, start: tuple[int, int], way: Moves, *, stroke: int = 1, border: Border = "open") -> Lost:
    """Lose what a walk from pixel to pixel visits.

    Args:
        grid: (rows, cols).
        start: (row, column) of the first pixel visited.
        way: (n,) of 0 up, 1 right, 2 down, 3 left.
        stroke: side of the square brush in pixels; an even one reaches one pixel further down and right.
        border: "open": the walk goes on outside and may come back. "wall": a step into the border stays where
            it is, and from then on the walk takes the directions of that axis mirrored. Walks clipped at the
            border have the same law, since both directions are equally likely.

    Returns:
        (rows, cols) bool.

    Example:
        >>> walk((2, 3), (0, 0), np.array([1, 2, 1])).astype(int)
        array([[1, 1, 0],
               [0, 1, 1]])
    """
    rows, cols = path(grid, start, way, border)
    # A brush outside may reach in: walk on a canvas with a margin as wide as the brush.
    canvas = np.zeros((grid[0] + 2 * stroke, grid[1] + 2 * stroke), np.bool_)
    near = (rows >= -stroke) & (rows < grid[0] + stroke) & (cols >= -stroke) & (cols < grid[1] + stroke)
    canvas[rows[near] + stroke, cols[near] + stroke] = True
    for axis in (0, 1):
        thin = canvas.copy()
        for shift in range(-((stroke - 1) // 2), stroke // 2 + 1):
            canvas |= np.roll(thin, shift, axis)
    return canvas[stroke : stroke + grid[0], stroke : stroke + grid[1]]


def random_walk(
    grid: Grid,
    rng: Generator,
    *,
    density: float = 50_000,
    stroke: int = 1,
    border: Border = "open",
    margin: float = 50 / 256,
) -> Lost:
    """Lose what a random walk visits.

    Args:
        grid: (rows, cols).
        rng: random numbers.
        density: steps for 256 x 256 pixels, and as many per pixel on other grids. The Dunhuang poster has
            50,000: a share of 0.10 +- 0.05. The challenge before it had 10,000 from anywhere: 0.03 +- 0.014.
        stroke: side of the brush in pixels.
        border: as in `walk`.
        margin: distance from the border within which no walk starts, as a share of each side, below 0.5.
    """
    count = round(density / 256**2 * grid[0] * grid[1])
    row, col = (int(rng.integers(edge, side - edge)) for side in grid for edge in [int(side * margin)])
    return walk(grid, (row, col), draw_moves(count, rng), stroke=stroke, border=border)


def draw_moves(count: int, rng: Generator) -> Moves:
    """Draw the moves of a random walk."""
    return rng.integers(0, 4, count, dtype=np.uint8)


def path(
    grid: Grid, start: tuple[int, int], way: Moves, border: Border
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return rows and columns of the pixels visited, the start included."""
    axes = []
    for size, first, step in zip(grid, start, (_DOWN, _RIGHT), strict=True):
        at = np.empty(len(way) + 1, np.int32)
        at[0] = first
        at[1:] = first + np.cumsum(step[way], dtype=np.int32)
        if border == "wall":  # the free walk, folded at the borders like a strip of paper
            at %= 2 * size
            at = np.minimum(at, 2 * size - 1 - at)
        axes.append(at)
    return axes[0], axes[1]
