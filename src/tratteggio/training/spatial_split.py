"""Paintings cut in two: one half to learn from, the other to measure on, a band between them for neither."""

from __future__ import annotations

from dataclasses import dataclass

from tratteggio.errors import BadUsage
from tratteggio.names import rows_and_columns
from tratteggio.painting import Region
from tratteggio.training.sources import Levels, Source

GUARD_PX = 32  # the side of a patch: what two halves show then never overlaps, nor quite touches


def spatial_halves(grid: tuple[int, int], *, guard: int = GUARD_PX) -> tuple[Region, Region]:
    """Cut a grid across its longer side into two equal parts with a band between them.

    Args:
        grid: (rows, cols).
        guard: width of the band in pixels, from 0 up. Paint goes on across a cut, so patches on both sides of
            a bare one would tell of each other.

    Returns:
        the upper or left part, the lower or right one.

    Raises:
        BadUsage: nothing would be left of the parts.

    Example:
        >>> spatial_halves((100, 60), guard=20)
        (Region(top=0, left=0, bottom=40, right=60), Region(top=60, left=0, bottom=100, right=60))
    """
    rows, cols = grid
    longer = max(grid)
    first = (longer - guard) // 2
    if guard < 0 or first < 1:
        raise BadUsage(
            f"a painting of {rows_and_columns((rows, cols))} cannot be split in two with a gap of "
            f"{guard} pixels"
        )
    if rows >= cols:
        return Region(0, 0, first, cols), Region(rows - first, 0, rows, cols)
    return Region(0, 0, rows, first), Region(0, cols - first, rows, cols)


@dataclass(frozen=True)
class Parts:
    """Parts of the pictures of a source, as pictures.

    Attributes:
        source: the pictures.
        parts: (number of the picture, region of it) of each part.
    """

    source: Source
    parts: tuple[tuple[int, Region], ...]

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that were left out."""
        return self.source.unreadable

    def __len__(self) -> int:
        return len(self.parts)

    def name(self, number: int) -> str:
        """Return the name of the picture."""
        return self.source.name(self.parts[number][0])

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols) of the part."""
        region = self.parts[number][1]
        return region.rows, region.cols

    def read(self, number: int) -> Levels:
        """Decode the picture and return the part."""
        picture, region = self.parts[number]
        return self.source.read(picture)[region.slices].copy()


def split_spatially(source: Source, *, guard: int = GUARD_PX) -> tuple[Parts, Parts]:
    """Split every picture of a source: upper or left halves to learn from, the others to measure on.

    Raises:
        BadUsage: a picture is too small to be cut.
    """
    cut = [spatial_halves(source.grid(number), guard=guard) for number in range(len(source))]
    learnt, aside = (Parts(source, tuple(enumerate(half))) for half in zip(*cut, strict=True))
    return learnt, aside
