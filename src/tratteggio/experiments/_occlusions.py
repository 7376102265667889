"""What is missing from a patch: patterns of growing share, as descriptors are tried with.

Three kinds take turns: spots as a magnet below its critical temperature has them (Ising), a rectangle at a
side, a rectangle in a corner. As in the code beside Žižakić et al. 2019 (github.com/nimpy/patch-desc-ae):
drawn again and again until the share is within 5 % of the wanted one.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tratteggio.painting.pixels import Lost

TOLERANCE = 0.05  # of the share
TEMPERATURE = 0.4  # of the magnet, in units of the coupling
SWEEPS = 5
EXTENT = (0.25, 0.3)  # mean and deviation of the sides of a rectangle, as shares of those of the patch


def occlusion(number: int, share: float, *, side: int, rng: Generator) -> Lost:
    """Draw what is missing from a patch.

    Args:
        number: of the patch: 0, 3, ... have spots, 1, 4, ... miss a side, 2, 5, ... a corner.
        share: that is to be missing, 0 .. 0.5; 0 is nothing.
        side: of the patch, in pixels.
        rng: random numbers.

    Returns:
        (side, side), True where missing, whose mean is within 0.05 of `share`.
    """
    if share == 0:
        return np.zeros((side, side), np.bool_)
    draw = (_spots, _beside, _corner)[number % 3]
    while True:
        lost = draw(side, rng)
        if abs(lost.mean() - share) <= TOLERANCE:
            return lost


def _spots(side: int, rng: Generator) -> Lost:
    """Let spins that were drawn at random settle for a while; what is in the minority is missing.

    The share to begin with is drawn too, else few patches would miss little. Fields of a chessboard flip
    together, black ones, then white ones (Metropolis): neighbours never flip at once.
    """
    spins = np.where(rng.random((side, side)) < rng.uniform(0, 0.5), 1, -1)
    black = np.indices(spins.shape).sum(axis=0) % 2 == 0
    for field in (black, ~black) * SWEEPS:
        around = sum(np.roll(spins, step, axis) for axis in (0, 1) for step in (-1, 1))
        flips = rng.random(spins.shape) < np.exp(-2 * spins * around / TEMPERATURE)
        spins = np.where(field & flips, -spins, spins)
    up = spins > 0
    return up if up.mean() <= 0.5 else ~up


def _beside(side: int, rng: Generator) -> Lost:
    """Take a rectangle at one of the four sides."""
    deep, wide = _extents(side, rng)
    at = int(rng.integers(side - wide + 1))
    lost = np.zeros((side, side), np.bool_)
    lost[:deep, at : at + wide] = True
    return np.rot90(lost, int(rng.integers(4)))


def _corner(side: int, rng: Generator) -> Lost:
    """Take a rectangle in one of the four corners."""
    rows, cols = _extents(side, rng)
    lost = np.zeros((side, side), np.bool_)
    lost[:rows, :cols] = True
    return np.rot90(lost, int(rng.integers(4)))


def _extents(side: int, rng: Generator) -> tuple[int, int]:
    rows, cols = np.rint(rng.normal(*EXTENT, 2).clip(0, 1) * side).astype(int)
    return int(rows), int(cols)
