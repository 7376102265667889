"""Where paint is lost. True means lost, everywhere in this package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Lost, Pixels
from tratteggio.painting.region import Region

EIGHT = np.ones((3, 3), dtype=bool)  # diagonal neighbours touch
BAND = 256  # rows labelled at once


@dataclass(frozen=True, eq=False)
class Groups:
    """Lacunae gathered into groups whose members lie close together.

    Found on a coarse grid of `cell` x `cell` pixels, so that a gigapixel mask needs a few megabytes:
    two lost pixels at most `cell` apart are always in one group; further than 2 `cell` apart they are
    together only through others between them.

    Attributes:
        labels: (ceil(H / cell), ceil(W / cell)) int32; 0 where nothing is lost, else the group 1 .. n.
        regions: the bounding box of group k is `regions[k - 1]`, in pixels: whole cells, clipped to the grid.
        cell: side of a coarse cell in pixels.
        counts: number of lost pixels in each coarse cell, on the grid of `labels`.
    """

    labels: NDArray[np.int32]
    regions: tuple[Region, ...]
    cell: int
    counts: NDArray[np.int64]

    @cached_property
    def lost_px(self) -> NDArray[np.int64]:
        """Number of lost pixels of group k at `lost_px[k - 1]`."""
        n = len(self.regions)
        sums = np.bincount(self.labels.ravel(), weights=self.counts.ravel(), minlength=n + 1)
        return sums[1:].astype(np.int64)

    def label_map(self, region: Region) -> NDArray[np.int32]:
        """Return the group of each pixel's coarse cell in a region: (h, w) int32, 0 where none is near."""
        rows = np.arange(region.top, region.bottom) // self.cell
        cols = np.arange(region.left, region.right) // self.cell
        labels: NDArray[np.int32] = self.labels[rows[:, None], cols]
        return labels


@dataclass(frozen=True, eq=False)
class Lacunae:
    """The places where paint is lost, on the grid of a scan.

    Attributes:
        lost: (H, W) bool, True = lost; may live on disk.
        name: where it came from, for messages.
        marked: what stands for lost there, in words: "white pixels" of a mask file.
        kept_damage: (H, W) bool, damage that is not filled, as cracks. It stays as it is, and engines do not
            copy it into a fill unless asked to. None if there is none.

    Example:
        >>> lost = np.zeros((40, 40), bool); lost[3:5, 3:9] = True; lost[30:34, 30] = True
        >>> Lacunae(lost).share
        0.01
        >>> [region.rows for region in Lacunae(lost).groups(8).regions]
        [8, 16]
    """

    lost: Pixels
    name: str = "array"
    marked: str = "marked pixels"
    kept_damage: Pixels | None = None

    def __post_init__(self) -> None:
        if len(self.lost.shape) != 2 or 0 in self.lost.shape or np.dtype(self.lost.dtype) != np.bool_:
            raise BadUsage(
                f"{self.name}: lacunae are a boolean array (H, W), True where paint is lost, "
                f"got {np.dtype(self.lost.dtype).name} {tuple(self.lost.shape)}; threshold it first"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.lost.shape[0], self.lost.shape[1]

    @cached_property
    def lost_px(self) -> int:
        """Number of lost pixels, counted band by band."""
        return sum(int(np.count_nonzero(self.read(band))) for band in Region.whole(self.grid).bands(1024))

    @property
    def share(self) -> float:
        """Share of the area that is lost, 0 to 1."""
        return self.lost_px / (self.grid[0] * self.grid[1])

    @cached_property
    def pieces(self) -> int:
        """Number of lacunae, where pixels that touch at a corner are one; counted band by band."""
        from scipy import sparse  # noqa: PLC0415 only a count needs it

        count, above = 0, np.zeros(self.grid[1], np.int64)
        meetings: list[NDArray[np.int64]] = []
        for band in Region.whole(self.grid).bands(BAND):
            labels, here = ndimage.label(self.read(band), EIGHT, output=np.int32)
            first, last = (np.where(row > 0, row + np.int64(count), 0) for row in (labels[0], labels[-1]))
            count += here
            for by in (-1, 0, 1):
                pairs = np.stack(
                    [
                        above[max(0, by) : len(above) + min(0, by)],
                        first[max(0, -by) : len(above) - max(0, by)],
                    ]
                )
                meetings.append(pairs[:, (pairs > 0).all(axis=0)])
            above = last
        one, two = np.concatenate(meetings, axis=1)
        graph = sparse.coo_matrix((np.ones(one.size, np.int8), (one, two)), shape=(count + 1, count + 1))
        # Number 0, sound paint, meets nothing and is a component of its own.
        return int(sparse.csgraph.connected_components(graph, directed=False)[0]) - 1

    def read(self, region: Region | None = None) -> Lost:
        """Bring a region (or all) into memory: (h, w) bool."""
        region = region or Region.whole(self.grid)
        return np.asarray(self.lost[region.slices])

    def read_kept_damage(self, region: Region | None = None) -> Lost:
        """Bring into memory where damage is kept in a region (or everywhere): (h, w) bool, never lost."""
        region = region or Region.whole(self.grid)
        if self.kept_damage is None:
            return np.zeros((region.rows, region.cols), np.bool_)
        return np.asarray(self.kept_damage[region.slices]) & ~self.read(region)

    def crop(self, region: Region) -> Lacunae:
        """Return the lacunae of a region, in memory."""
        kept = None if self.kept_damage is None else self.read_kept_damage(region)
        return Lacunae(self.read(region), self.name, self.marked, kept)

    def groups(self, cell: int = 16) -> Groups:
        """Gather lacunae that lie within `cell` pixels of each other; the mask is read once, in bands."""
        rows, cols = self.grid
        counts = np.zeros((-(-rows // cell), -(-cols // cell)), dtype=np.int64)
        for band in Region.whole(self.grid).bands(cell * max(1, 128 // cell)):
            lost = self.read(band)
            by_row = np.add.reduceat(lost, np.arange(0, band.rows, cell), axis=0, dtype=np.int64)
            by_cell = np.add.reduceat(by_row, np.arange(0, cols, cell), axis=1)
            counts[band.top // cell : band.top // cell + len(by_cell)] = by_cell
        labels, _ = ndimage.label(counts > 0, structure=EIGHT)
        regions = tuple(
            Region(r.start * cell, c.start * cell, min(r.stop * cell, rows), min(c.stop * cell, cols))
            for r, c in ndimage.find_objects(labels)
        )
        return Groups(labels.astype(np.int32), regions, cell, counts)
