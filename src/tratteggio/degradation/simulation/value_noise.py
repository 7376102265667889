"""Chance that depends on a place and a seed alone, so that a panel can be read in any pieces.

Integers are mixed into 32 random-looking bits (Wellons, "Prospecting for Hash Functions", 2018: the
function lowbias32); value noise lays such bits on a lattice and joins them smoothly (Perlin 1985).
Every value is made by element-wise arithmetic on absolute coordinates: reading a pixel alone or within
any region gives the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tratteggio.painting.region import Region

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bits = NDArray[np.uint32]

_STEP = np.uint32(0x9E3779B9)  # 2^32 / golden ratio: keeps neighbouring keys far apart


def bits(*keys: ArrayLike) -> Bits:
    """Mix integers (broadcast together) into 32 even random bits.

    Example:
        >>> int(bits(1, 2)), int(bits(2, 1))
        (4250036948, 3830732629)
    """
    mixed: Bits = np.zeros((), dtype=np.uint32)
    with np.errstate(over="ignore"):
        for key in keys:
            whole = np.asarray(key)
            mixed = mixed * _STEP + (
                whole if whole.dtype == np.uint32 else whole.astype(np.int64).astype(np.uint32)
            )
            mixed = np.asarray(mixed)
            mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x7FEB352D)
            mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0x846CA68B)
            mixed = mixed ^ (mixed >> np.uint32(16))
    return mixed


def uniform(*keys: ArrayLike) -> Floats:
    """Return random numbers in [0, 1) for integer keys, float32 (24 bits, exactly representable)."""
    return (bits(*keys) >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def draw(seed: int, name: str, low: float = 0.0, high: float = 1.0) -> float:
    """Draw one number in [low, high) for a seed and a name.

    The name keeps draws apart: a new draw added later leaves all others as they were.
    """
    return low + (high - low) * float(uniform(seed, *name.encode()))


def uniform_rows(count: int, each: int, *seed: int) -> list[list[float]]:
    """Return `count` rows of `each` numbers in [0, 1)."""
    table = uniform(*seed, np.arange(count)[:, None], np.arange(each))
    return [[float(value) for value in row] for row in table]


def millimetres(region: Region, um_per_px: float) -> tuple[Doubles, Doubles]:
    """Return where the rows and the columns of a region lie on the panel, (h,) and (w,), at pixel centres."""
    mm = um_per_px / 1000
    y = (np.arange(region.top, region.bottom, dtype=np.float64) + 0.5) * mm
    x = (np.arange(region.left, region.right, dtype=np.float64) + 0.5) * mm
    return y, x


def field(y: Doubles, x: Doubles, *seed: int) -> Floats:
    """Smooth value noise in (-1, 1) on the grid of two coordinate axes.

    Args:
        y: (h,) coordinates of the rows, in lattice cells; x: (w,) of the columns.
        seed: keys; another seed is another field.

    Returns:
        (h, w) float32.
    """
    row, row_part = _cells(y)
    col, col_part = _cells(x)
    lattice = uniform(
        np.arange(row[0], row[-1] + 2)[:, None], np.arange(col[0], col[-1] + 2)[None, :], *seed
    ) * np.float32(2) - np.float32(1)
    low, high = lattice[row - row[0]], lattice[row - row[0] + 1]
    by_row = low + (high - low) * row_part[:, None]
    steps = np.diff(by_row, axis=1)
    out: Floats = np.take(steps, col - col[0], axis=1)
    out *= col_part
    out += np.take(by_row, col - col[0], axis=1)
    return out


def field_at(y: Doubles, x: Doubles, *seed: int) -> Floats:
    """Return the same smooth noise as `field` at places that lie on no grid: y and x of one shape."""
    row, row_part = _cells(y)
    col, col_part = _cells(x)
    top, left = int(row.min()), int(col.min())
    lattice = uniform(
        np.arange(top, int(row.max()) + 2)[:, None], np.arange(left, int(col.max()) + 2)[None, :], *seed
    ) * np.float32(2) - np.float32(1)
    row, col = row - top, col - left
    before = lattice[row, col] + (lattice[row + 1, col] - lattice[row, col]) * row_part
    after = lattice[row, col + 1] + (lattice[row + 1, col + 1] - lattice[row, col + 1]) * row_part
    out: Floats = ((after - before) * col_part + before).astype(np.float32)
    return out


def _cells(at: Doubles) -> tuple[NDArray[np.int64], Floats]:
    """Split rising coordinates into lattice cells and smoothed parts."""
    cell = np.floor(at).astype(np.int64)
    part = (at - cell).astype(np.float32)
    return cell, part * part * (np.float32(3) - np.float32(2) * part)
