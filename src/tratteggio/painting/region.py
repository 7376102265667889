"""A rectangle of the pixel grid: half-open rows and columns, like a slice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Region(NamedTuple):
    """Rows [top, bottom) and columns [left, right) of a painting, in pixels.

    Example:
        >>> Region(0, 0, 10, 20).grow(5, within=(12, 100))
        Region(top=0, left=0, bottom=12, right=25)
    """

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def whole(cls, grid: tuple[int, int]) -> Region:
        """Return the region that covers a grid of (rows, cols)."""
        return cls(0, 0, grid[0], grid[1])

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def cols(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index a (H, W) or (H, W, C) array with this."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def empty(self) -> bool:
        """True if no pixel lies inside."""
        return self.rows <= 0 or self.cols <= 0

    def grow(self, pixels: int, *, within: tuple[int, int]) -> Region:
        """Widen by `pixels` on each side, clipped to a grid of (rows, cols)."""
        return Region(
            max(self.top - pixels, 0),
            max(self.left - pixels, 0),
            min(self.bottom + pixels, within[0]),
            min(self.right + pixels, within[1]),
        )

    def meet(self, other: Region) -> Region:
        """Return the part that two regions share (`empty` if none)."""
        return Region(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def join(self, other: Region) -> Region:
        """Return the smallest region that holds both."""
        return Region(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def holds(self, other: Region) -> bool:
        """True if `other` lies wholly inside."""
        return self.meet(other) == other

    def shift(self, rows: int, cols: int) -> Region:
        """Move down by `rows` and right by `cols`."""
        return Region(self.top + rows, self.left + cols, self.bottom + rows, self.right + cols)

    def relative_to(self, origin: Region) -> Region:
        """Express this region in the coordinates of a crop that starts at `origin`."""
        return self.shift(-origin.top, -origin.left)

    def tiles(self, side: int) -> Iterator[Region]:
        """Cut into tiles of at most `side` pixels a side, row by row."""
        for band in self.bands(side):
            for left in range(self.left, self.right, side):
                yield Region(band.top, left, band.bottom, min(left + side, self.right))

    def cells(self, side: int, *, within: tuple[int, int]) -> Iterator[Region]:
        """Return the cells, row by row, that this region touches of a lattice of `side` pixels a side.

        The lattice begins at the upper left corner of a grid of (rows, cols), and ends with it.
        """
        touched = Region(self.top // side * side, self.left // side * side, self.bottom, self.right)
        for tile in touched.tiles(side):
            cell = Region(tile.top, tile.left, tile.top + side, tile.left + side)
            yield cell.meet(Region.whole(within))

    def bands(self, rows: int) -> Iterator[Region]:
        """Cut into bands of at most `rows` rows, top to bottom."""
        for top in range(self.top, self.bottom, rows):
            yield Region(top, self.left, min(top + rows, self.bottom), self.right)
