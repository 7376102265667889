"""Loss in squares, anywhere or in the middle."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from numpy.random import Generator

from tratteggio.degradation._types import Damage, Grid
from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Lost

LOSES = True

Reading: TypeAlias = Literal["area", "side"]


def make(
    *,
    share: float | None = None,
    count: int = 1,
    reading: Reading = "area",
    at: Literal["anywhere", "middle"] = "anywhere",
) -> Damage:
    """Return the rule.

    Args:
        share: of one square; None draws one to three squares, together 1 to 30 % of the area.
        count: how many; not for "middle".
        reading: as in `square_side`.
        at: "anywhere", or "middle" for one square in the middle.
    """
    if share is None:
        return several_squares
    if at == "middle":
        return partial(centre_square, share=share, reading=reading)
    return partial(random_squares, share=share, count=count, reading=reading)


def square_side(grid: Grid, share: float, *, reading: Reading = "area") -> int:
    """Return the side in pixels of a square with a share of a grid.

    Deesamutara and Maggiore (2020) write "20 % of the area", but their figures come from squares of 20 % of
    the side: both readings are offered.

    Args:
        grid: (rows, cols).
        share: above 0, up to 1; where the grid is too narrow for that, the square is the largest that fits.
        reading: what the share is of: "area", or "side" (the shorter one).

    Raises:
        BadUsage: a square larger than the grid, or none.

    Example:
        >>> square_side((100, 100), 0.2), square_side((100, 100), 0.2, reading="side")
        (45, 20)
    """
    if not 0 < share <= 1:
        raise BadUsage(
            f"a square takes more than 0 and at most 100 % of the {reading} of {grid[0]} x {grid[1]} pixels, "
            f"got {share:.0%}"
        )
    full = min(grid)
    side = share * full if reading == "side" else (share * grid[0] * grid[1]) ** 0.5
    return max(1, min(round(side), full))


def draw_squares(grid: Grid, corners: Iterable[tuple[int, int]], side: int) -> Lost:
    """Lose squares of one side, given by their upper left corners (row, column); they may overlap."""
    lost = np.zeros(grid, np.bool_)
    for row, col in corners:
        lost[row : row + side, col : col + side] = True
    return lost


def random_squares(
    grid: Grid,
    rng: Generator,
    *,
    share: float = 0.2,
    count: int = 1,
    reading: Reading = "area",
) -> Lost:
    """Lose squares anywhere within the grid.

    Args:
        grid: (rows, cols).
        rng: random numbers.
        share: of one square.
        count: how many; each lies independently of the others.
        reading: as in `square_side`.
    """
    side = square_side(grid, share, reading=reading)
    corners = rng.integers(0, np.array(grid) - side + 1, (count, 2))
    return draw_squares(grid, [(int(row), int(col)) for row, col in corners], side)


def centre_square(
    grid: Grid,
    rng: Generator,  # noqa: ARG001 # a rule that draws nothing
    *,
    share: float = 0.25,
    reading: Reading = "area",
) -> Lost:
    """Lose a square in the middle; arguments as in `random_squares`."""
    side = square_side(grid, share, reading=reading)
    return draw_squares(grid, [((grid[0] - side) // 2, (grid[1] - side) // 2)], side)


def several_squares(grid: Grid, rng: Generator) -> Lost:
    """Lose one to three squares, together 1 to 30 % of the area."""
    count = int(rng.integers(1, 4))
    return random_squares(grid, rng, share=float(rng.uniform(0.01, 0.3)) / count, count=count)
