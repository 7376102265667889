"""Loss under free-form brush strokes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from tratteggio.degradation._types import Damage, Grid
from tratteggio.degradation.simulation.value_noise import Doubles
from tratteggio.painting.pixels import Lost

LOSES = True


def make() -> Damage:
    """Return the rule."""
    return random_strokes


class Stroke(NamedTuple):
    """One pull of a brush.

    Attributes:
        points: (n, 2) of row, column, in pixels.
        width: in pixels.
    """

    points: Doubles
    width: int


def draw_strokes(grid: Grid, strokes: Iterable[Stroke]) -> Lost:
    """Lose what brush strokes cover; strokes wider than 3 pixels have round ends and bends."""
    sheet = Image.new("1", (grid[1], grid[0]))
    pen = ImageDraw.Draw(sheet)
    for points, width in strokes:
        pen.line(points[:, ::-1].ravel().tolist(), fill=1, width=width)
        if width > 3:
            for row, col in points.tolist():
                pen.circle((col, row), width / 2, fill=1)
    return np.array(sheet)


def random_strokes(grid: Grid, rng: Generator) -> Lost:
    """Lose a few free-form strokes, 2 to 10 % of the shorter side wide (9 to 49 pixels at 512)."""
    count = int(rng.integers(1, 6))
    widths = np.maximum(1, rng.uniform(0.018, 0.096, count) * min(grid)).round().astype(int).tolist()
    return draw_strokes(grid, map(Stroke, scribbles(grid, count, rng), widths))


def scribbles(grid: Grid, count: int, rng: Generator) -> list[Doubles]:
    """Draw polylines of 3 to 9 corners, as a hand scribbles, around places within the grid."""
    headings = np.cumsum(rng.normal(0, 1.2, (count, 9)), axis=1) + rng.uniform(0, 2 * np.pi, (count, 1))
    steps = rng.uniform(0.05, 0.2, (count, 9, 1)) * float(np.hypot(*grid))
    points = np.cumsum(directions(headings) * steps, axis=1)
    points += rng.uniform(0, 1, (count, 1, 2)) * grid - points[:, :3].mean(axis=1, keepdims=True)
    corners = rng.integers(3, 10, count).tolist()
    return [path[:corner] for path, corner in zip(points, corners, strict=True)]


def directions(headings: Doubles) -> Doubles:
    """Return unit steps (n, 2) of row, column."""
    return np.stack([np.sin(headings), np.cos(headings)], axis=-1)
