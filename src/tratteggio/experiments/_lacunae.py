"""Wide and narrow lacunae as fills are compared on: ragged blots, cracks and spots, from a seed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from tratteggio.painting.pixels import Lost


def ragged(size: int, width: float, rng: Generator) -> Lost:
    """Draw one ragged blot, about `width` pixels across, in a square of `size`."""
    rows, cols = np.indices((size, size)) - (size - 1) / 2
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(0.75, 1.0)
    along, across = rows * np.cos(turn) + cols * np.sin(turn), cols * np.cos(turn) - rows * np.sin(turn)
    angle, radius = np.arctan2(across / stretch, along), np.hypot(across / stretch, along)
    edge = np.ones_like(angle)
    for wave in range(2, 14):
        edge += rng.normal(0, 0.35 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    blot: Lost = radius < width / 2 * np.clip(edge, 0.4, 1.25)
    return blot


def wide(grid: tuple[int, int], rng: Generator) -> Lost:
    """Draw a lacuna of 45 to 160 pixels in each quarter."""
    lost = np.zeros(grid, bool)
    half = (grid[0] // 2, grid[1] // 2)
    for top in (0, half[0]):
        for left in (0, half[1]):
            room = min(half)
            width = rng.uniform(45, min(160, room * 0.75))
            blot = ragged(min(room, int(width * 1.3)), width, rng)
            down, right = (rng.integers(0, side - len(blot) + 1) for side in half)
            lost[top + down : top + down + len(blot), left + right : left + right + len(blot)] |= blot
    return lost


def narrow(grid: tuple[int, int], rng: Generator) -> Lost:
    """Draw cracks of 3 to 8 pixels that open and close, and spots of 4 to 11 pixels."""
    lines = ndimage.gaussian_filter(rng.standard_normal(grid), 22, mode="wrap") > 0
    near = ndimage.distance_transform_edt(lines) + ndimage.distance_transform_edt(~lines)
    opening = ndimage.gaussian_filter(rng.standard_normal(grid), 30, mode="wrap")
    opening /= opening.std()
    lost: Lost = near < 1 + np.clip(1.4 * opening, -2, 3)
    for _ in range(grid[0] * grid[1] // 8000):
        row, col = rng.integers(0, grid[0]), rng.integers(0, grid[1])
        blot = ragged(14, rng.uniform(4, 10), rng)[: grid[0] - row, : grid[1] - col]
        lost[row : row + blot.shape[0], col : col + blot.shape[1]] |= blot
    return lost
