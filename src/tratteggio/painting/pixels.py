"""What counts as pixels: anything with a shape, a dtype and slicing. NumPy, zarr and dask arrays do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.region import Region

Array = NDArray[Any]
Lost = NDArray[np.bool_]

COLOURS = 3  # channels of a scan in colour: red, green, blue
LUMA = (0.299, 0.587, 0.114)  # how much each adds to how bright a pixel looks (ITU-R BT.601)


@runtime_checkable
class Pixels(Protocol):
    """A (H, W) or (H, W, C) raster that is read by slicing and may live on disk.

    `pixels[rows, cols]` with two slices of step 1 returns that region as a NumPy array
    (or something `numpy.asarray` takes), with all channels.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, C)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of one sample; decides the depth, never the data."""

    def __getitem__(self, key: tuple[slice, slice], /) -> Any:
        """Read a region."""


@dataclass(frozen=True, eq=False, repr=False)
class Mapped(LazyPixels):
    """Pixels seen through a function that is applied to each region as it is read.

    Attributes:
        pixels: what is read.
        through: takes the region read and returns an array of the same rows and columns.
        channels: channels of what `through` returns; 0 means (H, W) without a channel axis.
        dtype: dtype of what `through` returns.
    """

    pixels: Pixels
    through: Callable[[Array], Array]
    channels: int
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, channels)."""
        grid = tuple(self.pixels.shape[:2])
        return (*grid, self.channels) if self.channels else grid

    def _read(self, region: Region) -> Array:
        return self.through(np.asarray(self.pixels[region.slices]))


def block_sums(array: Array, side: int, *, dtype: Any = None) -> Array:
    """Sum over blocks of side x side pixels; the last blocks may be smaller.

    Args:
        array: (H, W) or (H, W, C).
        side: of a block.
        dtype: of the sums; None: that of the array.

    Example:
        >>> block_sums(np.ones((3, 5)), 2)
        array([[4., 4., 2.],
               [2., 2., 1.]])
    """
    rows = np.add.reduceat(array, np.arange(0, array.shape[0], side), axis=0, dtype=dtype)
    sums: Array = np.add.reduceat(rows, np.arange(0, array.shape[1], side), axis=1)
    return sums


def block_means(array: Array, side: int, *, dtype: Any = None) -> Array:
    """Return the means of blocks as `block_sums` takes them, in float64.

    Example:
        >>> block_means(np.arange(6.0).reshape(2, 3), 2)
        array([[2. , 3.5]])
    """
    area = block_sums(np.ones(array.shape[:2]), side)
    means: Array = block_sums(array, side, dtype=dtype) / (area if array.ndim == 2 else area[..., None])
    return means


def white(dtype: np.dtype[Any]) -> float:
    """Return the value that stands for white at a depth: 255, 65535, or 1 for floats.

    Example:
        >>> white(np.dtype("uint16")), white(np.dtype("float32"))
        (65535.0, 1.0)
    """
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def can_be_white(value: float, dtype: np.dtype[Any]) -> bool:
    """True if a stated white is possible at a depth: a number above 0, for integers 2 or more and held by it.

    Example:
        >>> can_be_white(4095, np.dtype("uint16")), can_be_white(4095, np.dtype("uint8"))
        (True, False)
    """
    if dtype.kind == "u":
        return 2 <= value <= white(dtype)
    return bool(0 < value < np.inf)


def to_depth(values: Array, dtype: np.dtype[Any], *, white: float | None = None) -> Array:
    """Bring values in the units of a scan to its depth: rounded and held to the range for integers.

    Args:
        values: in the units of the scan.
        dtype: of the scan.
        white: the largest value allowed, if the scan states its white; floats too are then held to
            0 .. white.

    Example:
        >>> to_depth(np.array([-3.0, 12.5, 13.5, 300.0]), np.dtype("uint8"))
        array([  0,  12,  14, 255], dtype=uint8)
    """
    if white is not None:
        values = np.clip(values, 0, white)
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    info = np.iinfo(dtype)
    return np.clip(np.rint(values), info.min, info.max).astype(dtype)
