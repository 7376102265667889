"""Marks as GeoJSON and back, exact to the pixel: outlines run along the edges of pixels.

Coordinates are pixels: x to the right, y down, (0, 0) is the upper left corner of the painting. QuPath and
other programs write and read such files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.pixels import Lost

Ring = list[tuple[int, int]]

# Directions of an edge with the marked pixel on its right: right, down, left, up, as (row, column).
STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def trace_outlines(mask: Lost, *, top: int = 0, left: int = 0) -> list[Ring]:
    """Return the outlines of a mask: closed rings of corners (x, y), the first one repeated at the end.

    By the even-odd rule the rings give back the mask. Pixels that touch at a corner have rings of their own.

    Args:
        mask: (h, w) bool.
        top, left: where its first pixel lies.

    Example:
        >>> trace_outlines(np.array([[False, True]]))
        [[(1, 0), (2, 0), (2, 1), (1, 1), (1, 0)]]
    """
    ways = _edges(mask)
    rings = []
    for start in sorted(ways):
        while ways.get(start):
            rings.append([(col + left, row + top) for row, col in _ring(start, ways)])
    return rings


def _edges(mask: Lost) -> dict[tuple[int, int], list[int]]:
    """Return for each corner in which directions an edge leaves it."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    found: dict[tuple[int, int], list[int]] = {}
    # The marked pixel, its neighbour beyond the edge, and where the edge begins seen from the pixel.
    for way, (beyond, begin) in enumerate(
        [
            (padded[:-2, 1:-1], (0, 0)),
            (padded[1:-1, 2:], (0, 1)),
            (padded[2:, 1:-1], (1, 1)),
            (padded[1:-1, :-2], (1, 0)),
        ]
    ):
        for row, col in np.argwhere(inside & ~beyond).tolist():
            found.setdefault((row + begin[0], col + begin[1]), []).append(way)
    return found


def _ring(start: tuple[int, int], ways: dict[tuple[int, int], list[int]]) -> Iterator[tuple[int, int]]:
    """Follow the edges from a corner until it is reached again; corners on a straight line are left out."""
    at, last, first = start, -1, -1
    corners: list[tuple[int, int]] = []
    while True:
        there = ways[at]
        # Where two rings touch at a corner, turn right: the ring stays with its own pixel.
        right = (last + 1) % 4
        way = right if last >= 0 and right in there else there[0]
        there.remove(way)
        if not there:
            del ways[at]
        if way != last:
            corners.append(at)
        if first < 0:
            first = way
        last = way
        at = (at[0] + STEPS[way][0], at[1] + STEPS[way][1])
        if at == start:
            break
    if first == last:
        corners.pop(0)
    yield from [*corners, corners[0]]


def rings_of(geometry: Any) -> list[NDArray[np.float64]]:
    """Return the rings of a polygon or a multipolygon of GeoJSON: (n, 2) of x, y each.

    Raises:
        ValueError: it is none, or its coordinates are no numbers.
    """
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
        raise ValueError(f"a geometry is {kind!r}; only Polygon and MultiPolygon are read")
    polygons = coordinates if kind == "MultiPolygon" else [coordinates]
    rings = [np.asarray(ring, np.float64)[:, :2] for polygon in polygons for ring in polygon]
    if any(len(ring) < 4 or not np.isfinite(ring).all() for ring in rings):
        raise ValueError("a ring has fewer than four places, or places that are no numbers")
    return rings
