"""Areas that a file draws as polygons, as lost pixels: a pixel is lost if its centre lies in a polygon."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.kinds import recognize, what_is
from tratteggio.files.untrusted import untrusted
from tratteggio.names import rows_and_columns
from tratteggio.painting import Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Lost
from tratteggio.roles import OutlineReader

log = logging.getLogger("tratteggio")

Ring = NDArray[np.float64]
MOST_CORNERS = 4_000_000  # of all polygons of a file
FARTHEST = 1e9  # px: a coordinate beyond is no place in a painting
CROSSINGS = 1 << 22  # of edges with rows of pixels, worked out at once


@dataclass(frozen=True, eq=False, repr=False)
class PolygonMask(LazyPixels):
    """Polygons as lost pixels, drawn where they are read.

    Attributes:
        polygons: each a list of rings (n, 2) of (column, row); places within an odd number of the rings of a
            polygon lie in it.
        grid: (rows, cols).
    """

    polygons: Sequence[Sequence[Ring]]
    grid: tuple[int, int]

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W)."""
        return self.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """bool."""
        return np.dtype(np.bool_)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """(n, 4): left, top, right and bottom of each polygon."""
        return np.array(
            [
                (
                    *np.min([ring.min(axis=0) for ring in rings], axis=0),
                    *np.max([r.max(axis=0) for r in rings], 0),
                )
                for rings in self.polygons
            ]
        ).reshape(-1, 4)

    def _read(self, region: Region) -> Lost:
        lost = np.zeros((region.rows, region.cols), bool)
        left, top, right, bottom = self.boxes.T
        near = (left < region.right) & (right > region.left) & (top < region.bottom) & (bottom > region.top)
        for number in map(int, np.flatnonzero(near)):
            box = self.boxes[number]
            part = Region(
                max(region.top, int(np.floor(box[1]))), max(region.left, int(np.floor(box[0]))),
                min(region.bottom, int(np.ceil(box[3]))), min(region.right, int(np.ceil(box[2]))),
            )  # fmt: skip
            lost[part.relative_to(region).slices] |= fill_rings(self.polygons[number], part)
        return lost


def fill_rings(rings: Sequence[Ring], region: Region) -> Lost:
    """Return the pixels of a region whose centres lie within an odd number of rings: (h, w) bool.

    Example:
        A square from (1, 1) to (3, 3) covers the centres of four pixels:

        >>> square = np.array([[1, 1], [3, 1], [3, 3], [1, 3.0]])
        >>> fill_rings([square], Region(0, 0, 4, 4)).sum()
        np.int64(4)
    """
    turns = np.zeros((region.rows, region.cols + 1), np.uint8)
    starts = np.concatenate(rings)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    # Centres of rows lie at row + 0.5. An edge takes in its upper end, not its lower one, so that a corner
    # between two edges counts once.
    above, below = np.minimum(starts[:, 1], ends[:, 1]), np.maximum(starts[:, 1], ends[:, 1])
    first = np.clip(np.ceil(above - 0.5), region.top, region.bottom).astype(np.int64)
    last = np.clip(np.ceil(below - 0.5), region.top, region.bottom).astype(np.int64)
    counts = last - first
    total = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        done = total[begin - 1] if begin else 0
        stop = max(begin + 1, int(np.searchsorted(total, done + CROSSINGS, side="right")))
        edges = slice(begin, stop)
        edge = np.repeat(np.arange(begin, stop), counts[edges])
        own = np.arange(len(edge)) - np.repeat(total[edges] - counts[edges] - done, counts[edges])
        row = first[edge] + own
        slope = (ends[edge, 0] - starts[edge, 0]) / (ends[edge, 1] - starts[edge, 1])
        at = starts[edge, 0] + (row + 0.5 - starts[edge, 1]) * slope
        col = np.clip(np.ceil(at - 0.5), region.left, region.right).astype(np.int64)
        np.bitwise_xor.at(turns, (row - region.top, col - region.left), 1)
        begin = stop
    return np.asarray(np.bitwise_xor.accumulate(turns, axis=1)[:, :-1].astype(bool))


def read_polygons(path: Path, grid: tuple[int, int]) -> PolygonMask | None:
    """Read the polygons of a file as a mask; None: what lies there draws no polygons.

    Args:
        path: the file.
        grid: (rows, cols) of what they were drawn over.

    Raises:
        BadUsage: it has no polygon, or all lie outside.
        UnreadableFile: damaged, too many corners, or coordinates that are no numbers of pixels.
    """
    found = recognize(path, OutlineReader)
    if not found:
        return None
    title = what_is(found[0].FACTS)
    with untrusted(path, what=title):
        polygons, left_out = found[0].read_outlines(path, grid)
        corners = sum(len(ring) for rings in polygons for ring in rings)
        if corners > MOST_CORNERS:
            raise UnreadableFile(
                f"{path} has {corners:,} corners, more than {MOST_CORNERS:,}; simplify its outlines"
            )
        polygons = [rings for rings in polygons if rings]
        if any(not (np.abs(ring) <= FARTHEST).all() for rings in polygons for ring in rings):
            raise UnreadableFile(
                f"{path} has coordinates that are no places in pixels; export it again, in pixels"
            )
    besides = ", ".join(f"{count:,} x {kind}" for kind, count in left_out.items())
    if not polygons:
        raise BadUsage(
            f"{path} has no closed area"
            + (f", only {besides}" if besides else "")
            + "; draw the losses as polygons"
        )
    if besides:
        log.warning("%s: only closed areas mark losses; left out: %s", path, besides)
    mask = PolygonMask(polygons, grid)
    _require_inside(path, mask)
    return mask


def _require_inside(path: Path, mask: PolygonMask) -> None:
    """Refuse polygons that all lie outside the painting, and note those that reach beyond it."""
    (rows, cols), boxes = mask.grid, mask.boxes
    left, top, right, bottom = boxes.T
    outside = (right <= 0) | (bottom <= 0) | (left >= cols) | (top >= rows)
    if outside.all():
        raise BadUsage(
            f"all polygons of {path} lie outside the painting: columns {left.min():,.0f} to "
            f"{right.max():,.0f}, rows {top.min():,.0f} to {bottom.max():,.0f}, but the painting has "
            f"{rows_and_columns(mask.grid)}; "
            "coordinates must be pixels, columns from the left and rows from the top"
        )
    beyond = (left < -1) | (top < -1) | (right > cols + 1) | (bottom > rows + 1)
    if beyond.any():
        log.warning(
            "%s: %s of %s polygons reach beyond the painting; only what is inside is lost",
            path, f"{int(beyond.sum()):,}", f"{len(beyond):,}",
        )  # fmt: skip
