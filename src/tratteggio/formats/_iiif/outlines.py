"""The outlines of damage as SVG paths, for annotations.

Each damaged area is outlined along the edges of its cells, exactly: nothing is smoothed. Where a map has so
many corners that a page of annotations would become too large, cells are made larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Lacunae, Region

FINEST = 2048  # cells along the longer side, at most
MOST_CORNERS = 40_000  # in one page; about half a megabyte
MOST_AREAS = 1_000  # in one page, the largest first

Ring = list[tuple[int, int]]


class Outline(NamedTuple):
    """One damaged area.

    Attributes:
        rings: corners (column, row) in pixels; the inside lies on the right of each ring, so that holes run
            the other way round.
        lost_px: pixels that are damaged.
    """

    rings: list[Ring]
    lost_px: int

    @property
    def path(self) -> str:
        """The rings as the path of an SVG; their edges run along rows and columns."""
        return "".join(map(_path, self.rings))


def _path(ring: Ring) -> str:
    """Write a ring.

    Example:
        >>> _path([(0, 0), (2, 0), (2, 1), (0, 1)])
        'M0,0H2V1H0Z'
    """
    sides = pairwise(ring)
    return (
        f"M{ring[0][0]},{ring[0][1]}"
        + "".join(f"H{x}" if y == before else f"V{y}" for (_, before), (x, y) in sides)
        + "Z"
    )


class Outlines(NamedTuple):
    """The damaged areas of one kind.

    Attributes:
        largest: those that are outlined, largest first.
        areas: how many there are in all.
        cell: side of a cell in pixels: outlines are exact to this.
    """

    largest: list[Outline]
    areas: int
    cell: int


def outline_areas(lacunae: Lacunae) -> Outlines:
    """Outline the damaged areas of a map of any size; cells that touch at a corner are one area.

    The map is read in bands. Memory depends on the number of cells, at most `FINEST` a side.
    """
    cell = -(-max(lacunae.grid) // FINEST)
    while True:
        groups = lacunae.groups(cell)
        order = np.argsort(-groups.lost_px, kind="stable")[:MOST_AREAS]
        largest, corners = [], 0
        for index in order:
            box = groups.regions[index]
            cells = Region(box.top // cell, box.left // cell, -(-box.bottom // cell), -(-box.right // cell))
            rings = [
                [
                    (
                        min((x + cells.left) * cell, lacunae.grid[1]),
                        min((y + cells.top) * cell, lacunae.grid[0]),
                    )
                    for x, y in ring
                ]
                for ring in trace_rings(groups.labels[cells.slices] == index + 1)
            ]
            largest.append(Outline(rings, int(groups.lost_px[index])))
            corners += sum(map(len, rings))
            if corners > MOST_CORNERS:
                break
        if corners <= MOST_CORNERS or cell >= max(lacunae.grid):
            return Outlines(largest, len(groups.regions), cell)
        cell *= 2


def trace_rings(inside: NDArray[np.bool_]) -> list[Ring]:
    """Return the rings around what is inside, as (column, row) of the corners, inside on the right.

    Example:
        >>> trace_rings(np.array([[True, True]]))
        [[(0, 0), (2, 0), (2, 1), (0, 1)]]
    """
    follows: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for start, end in _edges(inside):
        follows.setdefault(start, []).append(end)
    rings = []
    for start in sorted(follows):
        while follows[start]:
            ring, at = [start], follows[start].pop()
            while at != start:
                ring.append(at)
                at = _next(ring[-2], at, follows[at])
            rings.append(_turning(ring))
    return rings


def _edges(inside: NDArray[np.bool_]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield each edge between inside and outside, from corner to corner, inside on the right."""
    framed = np.pad(inside, 1)
    step = framed[1:].astype(np.int8) - framed[:-1]  # 1: inside begins below this edge
    for y, x in np.argwhere(step[:, 1:-1]).tolist():
        yield ((x, y), (x + 1, y)) if step[y, x + 1] > 0 else ((x + 1, y), (x, y))
    step = framed[:, 1:].astype(np.int8) - framed[:, :-1]  # 1: inside begins right of this edge
    for y, x in np.argwhere(step[1:-1]).tolist():
        yield ((x, y + 1), (x, y)) if step[y + 1, x] > 0 else ((x, y), (x, y + 1))


def _next(came: tuple[int, int], at: tuple[int, int], ways: list[tuple[int, int]]) -> tuple[int, int]:
    """Take the way on; where two cells touch at a corner, the left turn, which keeps them in one ring."""
    if len(ways) == 1:
        return ways.pop()
    ahead = at[0] - came[0], at[1] - came[1]
    left = ahead[1], -ahead[0]  # rows run downwards
    chosen = (at[0] + left[0], at[1] + left[1])
    ways.remove(chosen)
    return chosen


def _turning(ring: Ring) -> Ring:
    """Keep the corners at which a ring turns."""
    kept = []
    for before, here, after in zip([ring[-1], *ring[:-1]], ring, [*ring[1:], ring[0]], strict=True):
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1]):
            kept.append(here)
    return kept
