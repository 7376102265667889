"""Pixels that are made or read region by region, and are an array to NumPy, Dask and plotting libraries."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from types import EllipsisType
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from tratteggio.painting.region import Region

if TYPE_CHECKING:
    from tratteggio.painting.pixels import Array

Part = SupportsIndex | slice | EllipsisType | None
BAND_PX = 1 << 22  # pixels read at once where a step leaves most of them out


class LazyPixels(ABC):
    """A raster (H, W) or (H, W, C) that is read by basic indexing; only what is read comes into memory.

    A subclass has `shape`, `dtype` and `_read`. Whole numbers, slices with a positive step, `...` and `None`
    index it as they index a NumPy array. `numpy.asarray` reads it whole.

    Example:
        >>> class Ramp(LazyPixels):
        ...     shape, dtype = (3, 4), np.dtype(np.int64)
        ...     def _read(self, region):
        ...         rows, cols = np.mgrid[region.slices]
        ...         return 10 * rows + cols
        >>> Ramp()[1, ::2], np.asarray(Ramp()).sum()
        (array([10, 12]), np.int64(138))
        >>> Ramp()[::-1]
        Traceback (most recent call last):
        IndexError: lazy pixels are read forwards, so steps are 1 or more, got -1; reverse what was read
    """

    if TYPE_CHECKING:
        # Not defined at run time: a dataclass would take a property of its base for a field's default.
        @property
        def shape(self) -> tuple[int, ...]:
            """(H, W) or (H, W, C)."""

        @property
        def dtype(self) -> np.dtype[Any]:
            """Type of one sample."""

    @abstractmethod
    def _read(self, region: Region) -> Array:
        """Return the pixels of a region within the raster: (h, w) or (h, w, C)."""

    @property
    def ndim(self) -> int:
        """2, or 3 with a channel axis."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __repr__(self) -> str:
        """Return one line; a dataclass of pixels keeps it by `repr=False`."""
        sides = " x ".join(f"{side:,}" for side in self.shape)
        return f"{type(self).__name__}: {sides}, {self.dtype.name}, read by region"

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Part | tuple[Part, ...], /) -> Array:
        """Read what basic indexing asks for.

        Raises:
            IndexError: an index out of range, too many, a negative step, or an array as an index.
        """
        parts = _spread(key, self.ndim)
        axes = [part for part in parts if part is not None]
        (rows, row_step), (cols, col_step) = (_span(axis, self.shape[i]) for i, axis in enumerate(axes[:2]))
        region = Region(rows.start, cols.start, rows.stop, cols.stop)
        array: Array = self._by_step(region, row_step, col_step)[_within(parts)]
        return array

    def _by_step(self, region: Region, rows: int, cols: int) -> Array:
        """Read a region and keep each `rows`-th row and `cols`-th column, band by band."""
        if rows == cols == 1:
            return np.asarray(self._read(region))
        high = max(1, BAND_PX // (rows * max(1, region.cols))) * rows
        bands = [np.asarray(self._read(band))[::rows, ::cols] for band in region.bands(high)]
        return np.concatenate(bands or [np.asarray(self._read(region))[::rows, ::cols]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("lazy pixels are read from elsewhere, so an array of them is always a copy")
        return np.asarray(self._read(Region.whole((self.shape[0], self.shape[1]))), dtype=dtype)


def _spread(key: Part | tuple[Part, ...], ndim: int) -> list[SupportsIndex | slice | None]:
    """Return one part for each axis, and None where an axis is added."""
    parts = list(key) if isinstance(key, tuple) else [key]
    for part in parts:
        # A boolean is a whole number to Python, but a mask to NumPy.
        basic = part is None or part is ... or isinstance(part, slice) or hasattr(type(part), "__index__")
        array = isinstance(part, np.ndarray) and part.ndim > 0
        if array or not basic or isinstance(part, bool | np.bool_):
            raise IndexError(
                "lazy pixels are indexed by whole numbers, slices, ... and None, "
                f"got {type(part).__name__}; read them first, with numpy.asarray"
            )
    dots = sum(part is ... for part in parts)
    given = len(parts) - dots - sum(part is None for part in parts)
    if given > ndim or dots > 1:
        raise IndexError(f"too many indices: the pixels have {ndim} axes, got {key!r}")
    if not dots:
        parts.append(...)
    at = next(i for i, part in enumerate(parts) if part is ...)
    whole: list[Any] = [slice(None)] * (ndim - given)
    return [*parts[:at], *whole, *parts[at + 1 :]]


def _span(part: SupportsIndex | slice, side: int) -> tuple[slice, int]:
    """Return the rows or columns to read, first to last, and their step."""
    if isinstance(part, slice):
        start, stop, step = part.indices(side)
        if step < 1:
            raise IndexError(
                f"lazy pixels are read forwards, so steps are 1 or more, got {step}; reverse what was read"
            )
        return slice(start, max(start, stop)), step
    index = operator.index(part)
    if not -side <= index < side:
        raise IndexError(f"index {index} is out of range for {side} rows or columns")
    return slice(index % side, index % side + 1), 1


def _within(parts: list[SupportsIndex | slice | None]) -> tuple[Any, ...]:
    """Return what is left to do in memory: axes dropped and added, and channels chosen."""
    left, axis = [], 0
    for part in parts:
        spatial = part is not None and axis < 2
        left.append((slice(None) if isinstance(part, slice) else 0) if spatial else part)
        axis += part is not None
    return tuple(left)
