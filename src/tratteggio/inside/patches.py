"""Where a feature answers most: the strongest places over many pictures, with exactly the pixels it saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.inside.receptive import Field, Line
from tratteggio.painting import Region

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Strongest:
    """One of the places where a feature answers most.

    Attributes:
        window: number of the picture.
        row, col: of the answer.
        value: the answer.
        seen: the pixels of the picture that it depends on; perhaps beyond the picture, and None if all.
    """

    window: int
    row: int
    col: int
    value: float
    seen: Region | None


def strongest(
    maps: Sequence[Floats], field: Field, grids: Sequence[tuple[int, int]], *, feature: int, count: int
) -> list[Strongest]:
    """Find the strongest answers of a feature, none of which has seen much of what another saw.

    Answers that see beyond their picture are left out where others are there: padding is not paint.

    Args:
        maps: (features, h, w) for each picture.
        field: of the layer.
        grids: (rows, columns) of each picture in the pixels of the field.
        feature: its number.
        count: how many places.

    Returns:
        the strongest first.
    """
    found = [
        place
        for window, (answers, grid) in enumerate(zip(maps, grids, strict=True))
        for place in _of_one(answers[feature], field, grid, window, count)
    ]
    return sorted(found, key=lambda place: -place.value)[:count]


def _of_one(
    answers: Floats, field: Field, grid: tuple[int, int], window: int, count: int
) -> Iterable[Strongest]:
    left = np.where(_inside(answers.shape, field, grid), answers.astype(np.float64), -np.inf)
    apart = [_apart(line) for line in (field.rows, field.cols)]
    for _ in range(count):
        row, col = (int(n) for n in np.unravel_index(int(left.argmax()), left.shape))
        if left[row, col] == -np.inf:
            return
        yield Strongest(window, row, col, float(answers[row, col]), field.region(row, col))
        near = tuple(
            slice(max(0, at - reach), at + reach + 1) for at, reach in zip((row, col), apart, strict=True)
        )
        left[near] = -np.inf


def _apart(line: Line | None) -> int:
    """Count the answers on either side that share half of the field; all of them if it has no end."""
    return 1 << 30 if line is None else max(1, round(line.size / line.stride / 2))


def _inside(shape: tuple[int, ...], field: Field, grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which answers see nothing beyond the picture; all if there is none."""
    axes = []
    for n, line, pixels in zip(shape, (field.rows, field.cols), grid, strict=True):
        if line is None:
            axes.append(np.ones(n, bool))
            continue
        ends = np.array([line.seen(index) for index in range(n)])
        within = (ends[:, 0] >= 0) & (ends[:, 1] <= pixels)
        axes.append(within if within.any() else np.ones(n, bool))
    return np.logical_and.outer(*axes)
