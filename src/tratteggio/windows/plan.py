"""Which windows a painting is filled in: lacunae gathered, wide ones cut, all of it fixed by the mask alone.

┌────────── box: what is read ──────────┐
│ halo  ┌── write: core + feather ──┐   │      A window of whole groups has no feather: its groups
│       │    ┌──────────┐           │   │      are written by it alone. A group too wide for one
│       │    │   core   │           │   │      window is cut on a fixed grid; neighbours overlap by
│       │    └──────────┘           │   │      the feather and are blended there.
│       └───────────────────────────┘   │
└───────────────────────────────────────┘
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Groups, Lacunae, Region

GAP = 16  # lacunae closer than this are filled together
CELL = 512  # groups whose centres share a cell of this grid share a window
WIDEST = 1024  # a wider group is cut, whatever the engine could take
NARROWEST = 64  # cores of a wide group are not cut further
FEATHER = 16  # overlap of the cores of a wide group, on each side
RIM = 4  # lost pixels this close to the edge of a wide group's box are held to the coarse guide


@dataclass(frozen=True)
class Window:
    """One call of the engine.

    Attributes:
        box: what is read, halo included.
        core: the part that belongs to this window; cores of one group do not overlap.
        groups: labels of the groups that this window writes; if it is wide, the wide one comes first and the
            others lie within what it writes.
        feather: pixels beyond the core that are written and blended with the neighbours; 0 if the
            groups are whole.
    """

    box: Region
    core: Region
    groups: tuple[int, ...]
    feather: int

    @property
    def wide(self) -> bool:
        """True if this is a piece of a group too wide for one window."""
        return self.feather > 0

    def writes(self, grid: tuple[int, int]) -> Region:
        """Return the region whose lost pixels this window proposes."""
        return self.core.grow(self.feather, within=grid)

    def weight(self, region: Region, grid: tuple[int, int]) -> NDArray[np.float32]:
        """Share of this window in the blend, (h, w) above 0 up to 1; shares are relative to their sum."""
        rows = _ramp((region.top, region.bottom), (self.core.top, self.core.bottom), self.feather, grid[0])
        cols = _ramp((region.left, region.right), (self.core.left, self.core.right), self.feather, grid[1])
        return rows[:, None] * cols


@dataclass(frozen=True)
class Tile:
    """Windows whose pixels are read together and whose fills are saved together."""

    index: int
    windows: tuple[Window, ...]

    @property
    def box(self) -> Region:
        """The smallest region that holds every window's box."""
        box = self.windows[0].box
        for window in self.windows[1:]:
            box = box.join(window.box)
        return box


@dataclass(frozen=True)
class Plan:
    """All windows of a painting, gathered in tiles."""

    grid: tuple[int, int]
    groups: Groups
    tiles: tuple[Tile, ...]

    @property
    def windows(self) -> Iterator[Window]:
        """Every window, tile by tile."""
        return (window for tile in self.tiles for window in tile.windows)


def plan(lacunae: Lacunae, *, halo: int, capacity: int, tile: int = 2048) -> Plan:
    """Plan the windows that fill `lacunae`.

    Args:
        lacunae: read once, in bands.
        halo: pixels around a lacuna that the engine looks at.
        capacity: most lost pixels that the engine fills in one piece.
        tile: about how many pixels a side are read and saved together. Affects memory and the steps of
            `--resume`, never the result.
    """
    groups = lacunae.groups(GAP)
    wide: list[Window] = []
    whole: list[int] = []
    for label, region in enumerate(groups.regions, start=1):
        if max(region.rows, region.cols) <= WIDEST and groups.lost_px[label - 1] <= capacity:
            whole.append(label)
        else:
            wide += _cut(groups, label, halo, capacity, lacunae.grid)
    hosts = _hosts(wide)
    guests: dict[int, list[int]] = defaultdict(list)
    by_cell: dict[tuple[int, int], list[int]] = defaultdict(list)
    for label in whole:
        region = groups.regions[label - 1]
        row, col = (region.top + region.bottom) // 2, (region.left + region.right) // 2
        host = hosts.get((row // NARROWEST, col // NARROWEST))
        # What a piece of a wide group shows anyway need not be shown to the engine once more.
        if host is not None and wide[host].writes(lacunae.grid).holds(region):
            guests[host].append(label)
        else:
            by_cell[row // CELL, col // CELL].append(label)
    placed: dict[tuple[int, int], list[Window]] = defaultdict(list)
    per_tile = max(tile // CELL, 1) * CELL

    def place(window: Window) -> None:
        placed[window.core.top // per_tile, window.core.left // per_tile].append(window)

    for number, window in enumerate(wide):
        place(replace(window, groups=(*window.groups, *guests[number])))
    for (row, col), labels in sorted(by_cell.items()):
        core = Region(row * CELL, col * CELL, (row + 1) * CELL, (col + 1) * CELL)
        box = groups.regions[labels[0] - 1]
        for label in labels[1:]:
            box = box.join(groups.regions[label - 1])
        place(Window(box.grow(halo, within=lacunae.grid), core, tuple(labels), feather=0))
    tiles = tuple(Tile(i, tuple(placed[place])) for i, place in enumerate(sorted(placed)))
    return Plan(lacunae.grid, groups, tiles)


def _hosts(wide: Iterable[Window]) -> dict[tuple[int, int], int]:
    """Say for each square of `NARROWEST` pixels which wide window has it in its core: the first that does."""
    hosts: dict[tuple[int, int], int] = {}
    for number, window in enumerate(wide):
        rows, cols = _cells(window.core, NARROWEST)
        for row in range(rows.start, rows.stop):
            for col in range(cols.start, cols.stop):
                hosts.setdefault((row, col), number)
    return hosts


def _cut(groups: Groups, label: int, halo: int, capacity: int, grid: tuple[int, int]) -> Iterator[Window]:
    """Cut one wide group into windows on a grid anchored at the painting's corner.

    Cells of that grid are quartered where they hold too many lost pixels, so that one large loss does not
    make the windows of a whole net of cracks small.
    """
    # A core just outside the group still reaches into it with its feather.
    region = groups.regions[label - 1].grow(FEATHER, within=grid)
    counts = np.where(groups.labels == label, groups.counts, 0)

    def quarter(top: int, left: int, side: int) -> Iterator[Window]:
        core = Region(top, left, min(top + side, grid[0]), min(left + side, grid[1]))
        writes = core.grow(FEATHER, within=grid)
        if core.empty or not counts[_cells(writes, groups.cell)].any():
            return
        box = writes.grow(halo + RIM, within=grid)
        if side > NARROWEST and counts[_cells(box, groups.cell)].sum() > capacity:
            half = side // 2
            for down in (0, half):
                for right in (0, half):
                    yield from quarter(top + down, left + right, half)
        else:
            yield Window(box, core, (label,), FEATHER)

    for top in range(region.top // CELL * CELL, region.bottom, CELL):
        for left in range(region.left // CELL * CELL, region.right, CELL):
            yield from quarter(top, left, CELL)


def _cells(region: Region, cell: int) -> tuple[slice, slice]:
    """Cells of a coarse grid that a region touches."""
    return (
        slice(region.top // cell, -(-region.bottom // cell)),
        slice(region.left // cell, -(-region.right // cell)),
    )


def _ramp(span: tuple[int, int], core: tuple[int, int], feather: int, end: int) -> NDArray[np.float32]:
    """Weight along one axis: 1 in the core, linear across the feather, 1 up to the painting's edge."""
    at = np.arange(*span, dtype=np.float32) + np.float32(0.5)
    weight = np.ones(len(at), dtype=np.float32)
    if feather and core[0] > 0:
        weight = np.minimum(weight, (at - (core[0] - feather)) / (2 * feather))
    if feather and core[1] < end:
        weight = np.minimum(weight, ((core[1] + feather) - at) / (2 * feather))
    return np.clip(weight, 0, 1)
