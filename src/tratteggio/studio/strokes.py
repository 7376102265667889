"""Strokes as spans of pixels: a brush is the union of capsules, a lasso the inside of a polygon.

Coordinates are those of the page: (x, y) in pixels of the painting, where pixel (row, col) is the square from
(col, row) to (col + 1, row + 1). A pixel belongs to a shape if its centre does. Spans are found by solving
for the rim in each row, so they do not depend on tiles and are exact at any size of brush.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Spans(NamedTuple):
    """Runs of pixels, which may overlap.

    Attributes:
        rows: (n,) the row of each run.
        starts: (n,) its first column.
        stops: (n,) the column after its last.
    """

    rows: Ints
    starts: Ints
    stops: Ints


def brush_spans(points: Floats, radius: float, grid: tuple[int, int]) -> Spans:
    """Return the pixels within a distance of a line through points.

    Args:
        points: (n, 2) of x, y; one point is a dab.
        radius: of the brush, in pixels.
        grid: (rows, cols); what lies outside is cut off.
    """
    first = points if len(points) == 1 else points[:-1]
    last = points if len(points) == 1 else points[1:]
    tops = np.minimum(first[:, 1], last[:, 1]) - radius
    bottoms = np.maximum(first[:, 1], last[:, 1]) + radius
    which, rows = _rows(tops, bottoms, grid[0])
    p, q = first[which], last[which]
    y: Floats = rows + np.float64(0.5)
    left, right = _hull(_disc(p, radius, y), _disc(q, radius, y), _body(p, q, radius, y))
    return _pixels(rows, left, right, grid[1])


def polygon_spans(points: Floats, grid: tuple[int, int]) -> Spans:
    """Return the pixels inside a polygon, by the even-odd rule.

    Args:
        points: (n, 2) of x, y, at least 3; the last is joined to the first.
        grid: (rows, cols); what lies outside is cut off.
    """
    p, q = points, np.roll(points, -1, axis=0)
    which, rows = _rows(np.minimum(p[:, 1], q[:, 1]), np.maximum(p[:, 1], q[:, 1]), grid[0])
    p, q, y = p[which], q[which], rows + 0.5
    # Half open, so that a corner on a row of centres is crossed once.
    crosses = (np.minimum(p[:, 1], q[:, 1]) <= y) & (y < np.maximum(p[:, 1], q[:, 1]))
    p, q, y, rows = p[crosses], q[crosses], y[crosses], rows[crosses]
    x = p[:, 0] + (y - p[:, 1]) / (q[:, 1] - p[:, 1]) * (q[:, 0] - p[:, 0])
    order = np.lexsort((x, rows))
    x, rows = x[order], rows[order]
    return _pixels(rows[::2], x[::2], x[1::2], grid[1], half_open=True)


def _rows(tops: Floats, bottoms: Floats, count: int) -> tuple[Ints, Ints]:
    """Return, for all parts of a shape, the rows whose centres they may touch: (part, row) pairs."""
    first = np.clip(np.ceil(tops - 0.5), 0, count).astype(np.int64)
    stop = np.clip(np.floor(bottoms - 0.5) + 1, 0, count).astype(np.int64)
    counts = np.maximum(stop - first, 0)
    which = np.repeat(np.arange(len(tops)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return which, first[which] + np.arange(len(which)) - before


def _disc(centre: Floats, radius: float, y: Floats) -> tuple[Floats, Floats]:
    """Return where rows enter and leave discs; inf and -inf where they miss them."""
    square = radius**2 - (y - centre[:, 1]) ** 2
    half = np.sqrt(np.maximum(square, 0))
    missed = square < 0
    return np.where(missed, np.inf, centre[:, 0] - half), np.where(missed, -np.inf, centre[:, 0] + half)


def _body(p: Floats, q: Floats, radius: float, y: Floats) -> tuple[Floats, Floats]:
    """Return where rows enter and leave the rectangle between two discs."""
    way = q - p
    length = np.hypot(way[:, 0], way[:, 1])
    dx, dy = (way / np.where(length > 0, length, 1)[:, None]).T
    down = y - p[:, 1]
    left, right = np.full(len(y), -np.inf), np.full(len(y), np.inf)
    # Along the way: 0 <= (x - px) dx + down dy <= length; across it: |(x - px) dy - down dx| <= radius.
    for factor, offset, low, high in ((dx, down * dy, 0.0, length), (dy, -down * dx, -radius, radius)):
        flat = np.abs(factor) < 1e-12
        safe = np.where(flat, 1.0, factor)
        ends = np.sort(np.stack([(low - offset) / safe, (high - offset) / safe]), axis=0)
        outside = flat & ((offset < low) | (offset > high))
        left = np.where(outside, np.inf, np.where(flat, left, np.maximum(left, p[:, 0] + ends[0])))
        right = np.where(outside, -np.inf, np.where(flat, right, np.minimum(right, p[:, 0] + ends[1])))
    missed = (left > right) | (length == 0)
    return np.where(missed, np.inf, left), np.where(missed, -np.inf, right)


def _hull(*parts: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Join the runs of parts of a convex shape."""
    lefts, rights = zip(*parts, strict=True)
    return np.minimum.reduce(lefts), np.maximum.reduce(rights)


def _pixels(rows: Ints, left: Floats, right: Floats, cols: int, *, half_open: bool = False) -> Spans:
    """Return the runs of pixels whose centres lie from `left` to `right`."""
    there = left <= right
    rows, left, right = rows[there], left[there], right[there]
    starts = np.clip(np.ceil(left - 0.5), 0, cols).astype(np.int64)
    ends = np.ceil(right - 0.5) if half_open else np.floor(right - 0.5) + 1
    stops = np.clip(ends, 0, cols).astype(np.int64)
    some = starts < stops
    return Spans(rows[some], starts[some], stops[some])
