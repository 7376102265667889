"""A scan as another scan's grid sees it, resampled once, window by window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.align.resample import resample
from tratteggio.align.transform import Transform, inside
from tratteggio.errors import GridMismatch
from tratteggio.names import rows_and_columns
from tratteggio.painting import Metadata, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, to_depth

BLOCK = 256  # pixels a side that are worked on at once


def warp(source: Scan, transform: Transform, reference: Metadata) -> Scan:
    """Bring a scan onto the grid of a reference, lazily.

    Homography and field make one map, and the source is resampled once (cubic; averaging where it is finer
    than the reference), at its own depth, rounded. Values beyond what the depth can hold are cut off, since a
    cubic overshoots at edges. Where the source ends, pixels are 0 and `seen` is False.

    Args:
        source: read by region; never altered.
        transform: from the reference to the source.
        reference: gives resolution and orientation.

    Returns:
        a scan on the reference's grid; `seen` is None if the source covers all of it.

    Raises:
        GridMismatch: the transform was made for a source of another size.
    """
    if transform.source_grid != source.grid:
        raise GridMismatch(
            f"{source.name} has {rows_and_columns(source.grid)}, but its transform was made for "
            f"{rows_and_columns(transform.source_grid)}"
        )
    kept = {key: source.metadata.foreign[key] for key in ("photometric",) if key in source.metadata.foreign}
    whole = source.seen is None and transform.sees_all()
    return replace(
        source,
        pixels=Warped(source, transform),
        metadata=Metadata(
            reference.resolution,
            reference.unit,
            reference.orientation,
            icc=source.metadata.icc,
            white=source.metadata.white,
            foreign=kept,
        ),
        seen=None if whole else Seen(source, transform),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Warped(LazyPixels):
    """Pixels of a scan on the grid of a reference; the same bits in whatever region they are read."""

    source: Scan
    transform: Transform

    @property
    def shape(self) -> tuple[int, ...]:
        """Grid of the reference, channels of the source."""
        return (*self.transform.grid, *self.source.pixels.shape[2:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the source."""
        return self.source.dtype

    def _read(self, region: Region) -> Array:
        out = np.zeros((region.rows, region.cols, *self.shape[2:]), self.dtype)
        stretch = self.transform.scale()
        for block in region.tiles(BLOCK):
            values, seen = resample(self.source.pixels, self.transform.over(block), stretch=stretch)
            values[~seen] = 0
            out[block.relative_to(region).slices] = to_depth(
                values, self.dtype, white=self.source.metadata.white
            )
        return out


@dataclass(frozen=True, eq=False, repr=False)
class Seen(LazyPixels):
    """Where a warped scan shows the painting."""

    source: Scan
    transform: Transform

    @property
    def shape(self) -> tuple[int, ...]:
        """Grid of the reference."""
        return self.transform.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Boolean."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> NDArray[np.bool_]:
        out = np.zeros((region.rows, region.cols), bool)
        for block in region.tiles(BLOCK):
            places = self.transform.over(block)
            seen = inside(places, self.source.grid)
            if self.source.seen is not None and seen.any():
                nearest = np.clip(np.rint(places), 0, np.array(self.source.grid) - 1).astype(np.intp)
                (top, left), (bottom, right) = nearest[seen].min(axis=0), nearest[seen].max(axis=0) + 1
                known = self.source.read_seen(Region(int(top), int(left), int(bottom), int(right)))
                seen[seen] = known[nearest[seen][:, 0] - top, nearest[seen][:, 1] - left]
            out[block.relative_to(region).slices] = seen
        return out
