"""What is marked on a painting of any size: a bit a pixel and class, in sparse tiles.

A pixel has one class at most. Every change is a set of bits that flip, by tile: applied twice it is undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.damage import CLASSES
from tratteggio.painting import Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.studio.pyramid import TILE
from tratteggio.studio.strokes import Spans

Bits = NDArray[np.uint8]  # (TILE, TILE / 8), packed along rows
Place = tuple[int, int]  # row and column of a tile
Change = dict[tuple[int, int, int], Bits]  # which bits flip, by (class, tile row, tile column)
Shape = Iterator[tuple[Place, Bits]]

NAMES = tuple(CLASSES)
FULL = np.full((TILE, TILE // 8), 255, np.uint8)


class Marks:
    """Marked pixels of one painting.

    Args:
        grid: (rows, cols) of the painting.
    """

    def __init__(self, grid: tuple[int, int]) -> None:
        self.grid = grid
        self.counts = dict.fromkeys(NAMES, 0)
        self._tiles: dict[Place, dict[int, Bits]] = {}
        self._small: dict[tuple[Place, int], NDArray[np.uint8]] = {}

    def painting(self, shape: Shape, damage: str | None) -> Change:
        """Return what flips if a shape is painted in a class, or erased with None."""
        chosen = None if damage is None else NAMES.index(damage)
        change: Change = {}
        for place, bits in shape:
            there = self._tiles.get(place, {})
            for plane, old in there.items():
                if plane != chosen and (flips := old & bits).any():
                    change[plane, *place] = flips
            if chosen is not None:
                flips = bits & ~there[chosen] if chosen in there else bits
                if flips.any():
                    change[chosen, *place] = flips
        return change

    def flip(self, change: Mapping[tuple[int, int, int], Bits]) -> None:
        """Apply a change, or take it back."""
        for (plane, *at), flips in change.items():
            place = (at[0], at[1])
            planes = self._tiles.setdefault(place, {})
            old = planes.get(plane)
            new = flips.copy() if old is None else old ^ flips
            now = int(np.bitwise_count(new).sum())
            before = 0 if old is None else int(np.bitwise_count(old).sum())
            self.counts[NAMES[plane]] += now - before
            if now:
                planes[plane] = new
            else:
                planes.pop(plane, None)
            if not planes:
                del self._tiles[place]
            for halving in range(TILE.bit_length()):
                self._small.pop((place, halving), None)

    def overlay(self, halving: int, row: int, col: int) -> NDArray[np.uint8]:
        """Return a tile as it is drawn: (TILE, TILE) uint8, 0 or 1 + place of the class in `CLASSES`.

        A block is shown as marked if any pixel of it is, so that cracks do not vanish from afar.
        """
        out = np.zeros((TILE, TILE), np.uint8)
        side = TILE >> halving
        first = (row << halving, col << halving)
        for place in self._within(first, 1 << halving):
            down, across = (place[0] - first[0]) * side, (place[1] - first[1]) * side
            out[down : down + side, across : across + side] = self._reduced(place, halving)
        return out

    @property
    def indices(self) -> Indices:
        """The classes as lazy pixels of a damage map, as they are now."""
        return Indices(self.grid, {place: dict(planes) for place, planes in self._tiles.items()})

    @property
    def all(self) -> Change:
        """All that is marked, as the change that leads to it from nothing."""
        return {(plane, *at): bits for at, planes in self._tiles.items() for plane, bits in planes.items()}

    def class_at(self, row: int, col: int) -> str | None:
        """Return the class of a pixel."""
        for plane, bits in self._tiles.get((row // TILE, col // TILE), {}).items():
            if bits[row % TILE, col % TILE // 8] & (128 >> col % 8):
                return NAMES[plane]
        return None

    def _within(self, first: Place, count: int) -> list[Place]:
        if count**2 < len(self._tiles):
            near = ((first[0] + i, first[1] + j) for i in range(count) for j in range(count))
            return [place for place in near if place in self._tiles]
        return [
            place
            for place in self._tiles
            if first[0] <= place[0] < first[0] + count and first[1] <= place[1] < first[1] + count
        ]

    def _reduced(self, place: Place, halving: int) -> NDArray[np.uint8]:
        small = self._small.get((place, halving))
        if small is None:
            planes = self._tiles[place]
            side = 1 << halving
            small = np.zeros((TILE >> halving, TILE >> halving), np.uint8)
            for plane in sorted(planes, reverse=True):
                marked = np.unpackbits(planes[plane], axis=1)
                blocks = marked.reshape(TILE // side, side, TILE // side, side) if halving else marked
                some = blocks.any(axis=(1, 3)) if halving else blocks.astype(bool)
                small[some] = plane + 1
            if halving:  # full tiles are not kept: they would take eight times the bits
                self._small[place, halving] = small
        return small


@dataclass(frozen=True, eq=False, repr=False)
class Indices(LazyPixels):
    """Marked classes as the pixels of a damage map; tiles are shared with the marks, which replace theirs."""

    grid: tuple[int, int]
    tiles: Mapping[Place, Mapping[int, Bits]] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    def _read(self, region: Region) -> NDArray[np.uint8]:
        out = np.zeros((region.rows, region.cols), np.uint8)
        if region.empty:
            return out
        for row in range(region.top // TILE, (region.bottom - 1) // TILE + 1):
            for col in range(region.left // TILE, (region.right - 1) // TILE + 1):
                for plane, bits in self.tiles.get((row, col), {}).items():
                    tile = Region(row * TILE, col * TILE, (row + 1) * TILE, (col + 1) * TILE)
                    shared = tile.meet(region)
                    marked = np.unpackbits(bits, axis=1)[shared.relative_to(tile).slices].astype(bool)
                    out[shared.relative_to(region).slices][marked] = plane + 1
        return out


def shape_of_spans(spans: Spans) -> Shape:
    """Yield the tiles of runs of pixels."""
    order = np.argsort(spans.rows, kind="stable")
    rows, starts, stops = (part[order] for part in spans)
    bands = rows // TILE
    edges = np.flatnonzero(np.diff(bands, prepend=-1, append=-1))
    for begin, end in pairwise(edges):
        part = slice(int(begin), int(end))
        within, left, right = rows[part] % TILE, starts[part], stops[part]
        for col in range(int(left.min()) // TILE, (int(right.max()) - 1) // TILE + 1):
            low = np.clip(left - col * TILE, 0, TILE)
            high = np.clip(right - col * TILE, 0, TILE)
            some = low < high
            if some.any():
                yield (int(bands[begin]), col), _filled(within[some], low[some], high[some])


def shape_of_mask(mask: NDArray[np.bool_], *, top: int = 0, left: int = 0) -> Shape:
    """Yield the tiles of a mask whose first pixel lies at (top, left)."""
    whole = Region(top, left, top + mask.shape[0], left + mask.shape[1])
    for cell in whole.cells(TILE, within=(whole.bottom, whole.right)):
        shared = cell.meet(whole)
        part = mask[shared.relative_to(whole).slices]
        if part.any():
            tile = np.zeros((TILE, TILE), bool)
            row, col = cell.top // TILE, cell.left // TILE
            tile[shared.shift(-row * TILE, -col * TILE).slices] = part
            yield (row, col), np.packbits(tile, axis=1)


def _filled(rows: NDArray[np.int64], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Bits:
    """Return the bits of runs within a tile."""
    whole = (starts == 0) & (stops == TILE)
    if whole.all() and len(np.unique(rows)) == TILE:
        return FULL
    steps = np.zeros((TILE, TILE + 1), np.int32)
    np.add.at(steps, (rows, starts), 1)
    np.add.at(steps, (rows, stops), -1)
    return np.packbits(np.cumsum(steps, axis=1)[:, :TILE] > 0, axis=1)
