"""The strongest activations of a feature over many images, each with exactly its receptive field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.explanation.receptive import Field, Line
from tratteggio.painting import Region

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Strongest:
    """One of the strongest activations of a feature.

    Attributes:
        window: number of the image.
        row, col: of the output.
        value: the output.
        seen: its receptive field in pixels; may reach beyond the image; None if unbounded.
    """

    window: int
    row: int
    col: int
    value: float
    seen: Region | None


def find_strongest(
    maps: Sequence[Floats], field: Field, grids: Sequence[tuple[int, int]], *, feature: int, count: int
) -> list[Strongest]:
    """Find the strongest activations of a feature whose receptive fields overlap by less than half.

    Outputs that see beyond their image are left out if there are others: padding is not paint.

    Args:
        maps: (features, h, w) for each image.
        field: of the layer.
        grids: (rows, columns) of each image.
        feature: its number.
        count: how many places.

    Returns:
        the strongest first.
    """
    found = [
        place
        for window, (outputs, grid) in enumerate(zip(maps, grids, strict=True))
        for place in _of_one(outputs[feature], field, grid, window, count)
    ]
    return sorted(found, key=lambda place: -place.value)[:count]


def _of_one(
    outputs: Floats, field: Field, grid: tuple[int, int], window: int, count: int
) -> Iterable[Strongest]:
    left = np.where(_inside(outputs.shape, field, grid), outputs.astype(np.float64), -np.inf)
    apart = [_apart(line) for line in (field.rows, field.cols)]
    for _ in range(count):
        row, col = (int(n) for n in np.unravel_index(int(left.argmax()), left.shape))
        if left[row, col] == -np.inf:
            return
        yield Strongest(window, row, col, float(outputs[row, col]), field.region(row, col))
        near = tuple(
            slice(max(0, at - radius), at + radius + 1) for at, radius in zip((row, col), apart, strict=True)
        )
        left[near] = -np.inf


def _apart(line: Line | None) -> int:
    """Count the outputs on either side that share half of the field; all of them if it is unbounded."""
    return 1 << 30 if line is None else max(1, round(line.size / line.stride / 2))


def _inside(shape: tuple[int, ...], field: Field, grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which outputs see nothing beyond the image; all of them if there is none."""
    axes = []
    for n, line, pixels in zip(shape, (field.rows, field.cols), grid, strict=True):
        if line is None:
            axes.append(np.ones(n, bool))
            continue
        ends = np.array([line.seen(index) for index in range(n)])
        within = (ends[:, 0] >= 0) & (ends[:, 1] <= pixels)
        axes.append(within if within.any() else np.ones(n, bool))
    return np.logical_and.outer(*axes)
