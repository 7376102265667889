"""Loss in ragged islands, as paint flakes."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.random import Generator

from tratteggio.degradation._types import Damage, Grid
from tratteggio.degradation.simulation.value_noise import Floats, field
from tratteggio.painting.pixels import Lost

LOSES = True


def make(*, low: float = 0.01, high: float = 0.35) -> Damage:
    """Return the rule.

    Args:
        low, high: shares of the area between which the lost share is drawn, above 0.
    """
    return partial(random_losses, share=(low, high))


def random_losses(grid: Grid, rng: Generator, *, share: tuple[float, float] = (0.01, 0.35)) -> Lost:
    """Lose ragged islands, from specks of a few pixels to half the side.

    Args:
        grid: (rows, cols).
        rng: random numbers.
        share: of the area, drawn between these two, small ones as often as large ones.
    """
    wanted = float(np.exp(rng.uniform(*np.log(share))))
    height = random_relief(grid, rng)
    count = max(1, min(round(wanted * height.size), height.size - 1))
    level = np.partition(height, count - 1, axis=None)[count - 1]
    lost: Lost = height <= level
    return lost


def random_relief(grid: Grid, rng: Generator) -> Floats:
    """Draw smooth noise with fine grain on it: its valleys have ragged rims."""
    lump = float(np.exp(rng.uniform(np.log(6.0), np.log(max(8.0, min(grid) / 2)))))
    y, x = (np.arange(side, dtype=np.float64) + rng.uniform(0, 1000) for side in grid)
    seed = int(rng.integers(2**31))
    height = field(y / lump, x / lump, seed, 0)
    height += field(y / lump * 3.1, x / lump * 3.1, seed, 1) * np.float32(0.42)
    height += field(y / 3.0, x / 3.0, seed, 2) * np.float32(0.16)
    return height
