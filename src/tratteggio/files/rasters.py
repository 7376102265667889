"""Pixels that are read through something: decoded whole, or turned from displayed to stored order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Pixels, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array


class OnDisk(Protocol):
    """Pixels in a file or folder, which know how to read a region of themselves."""

    @property
    def path(self) -> Path:
        """The file or folder, for messages."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, C)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""

    def read_into(self, out: Array, top: int, left: int) -> None:
        """Fill `out` with the pixels whose first one lies at (top, left)."""


def read_region(pixels: OnDisk, region: Region) -> Array:
    """Read a region: the one door for damage that shows only when pixels are read.

    Raises:
        UnreadableFile: the file is damaged there, whatever its codec raised.
    """
    out = np.empty((region.rows, region.cols, *pixels.shape[2:]), pixels.dtype)
    if out.size:
        with untrusted(pixels.path):
            pixels.read_into(out, region.top, region.left)
    return out


class DecodedWhole(LazyPixels):
    """Pixels of a format that cannot be read by region: decoded on first use, then kept.

    Attributes:
        path: the file.
        shape: (H, W) or (H, W, C), known from the header.
        dtype: type of one sample.
    """

    by_region = False
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __init__(
        self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], decode: Callable[[Path], Array]
    ) -> None:
        self.path = path
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._decode = decode
        self._array: Array | None = None
        self._lock = threading.Lock()

    def _read(self, region: Region) -> Array:
        with self._lock:
            if self._array is None:
                with untrusted(self.path):
                    array = self._decode(self.path).reshape(self.shape)
                    if array.dtype != self.dtype:
                        raise ValueError(f"its header claims {self.dtype}, but its pixels are {array.dtype}")
                array.setflags(write=False)  # views are handed out; nobody may alter the source through them
                self._array = array
        return self._array[region.slices]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.shape, self.dtype, self._decode)


ALL, BACK = slice(None), slice(None, None, -1)
# Orientations that reverse the stored rows or columns; from 5 on, rows and columns are swapped too.
ROWS = dict.fromkeys((3, 4, 6, 7), BACK)
COLS = dict.fromkeys((2, 3, 7, 8), BACK)


def to_display(array: Array, orientation: int) -> Array:
    """Turn an array from the stored order to the way a viewer shows it (EXIF orientation 1 to 8).

    Example:
        Orientation 6 is shown a quarter turn clockwise:

        >>> to_display(np.array([[1, 2], [3, 4]]), 6).tolist()
        [[3, 1], [4, 2]]
    """
    turned = array[ROWS.get(orientation, ALL), COLS.get(orientation, ALL)]
    return turned.swapaxes(0, 1) if orientation >= 5 else turned


# Undoing a quarter turn is the opposite quarter turn; every other orientation undoes itself.
INVERSE = {6: 8, 8: 6}


def to_stored(array: Array, orientation: int) -> Array:
    """Turn an array from the way a viewer shows it back to the stored order."""
    return to_display(array, INVERSE.get(orientation, orientation))


@dataclass(frozen=True, eq=False, repr=False)
class Stored(LazyPixels):
    """Pixels that come as displayed, read in the stored order of a scan with that orientation.

    Attributes:
        displayed: pixels on the displayed grid.
        orientation: the scan's EXIF orientation, 1 to 8.
    """

    displayed: Pixels
    orientation: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape in stored order."""
        rows, cols, *channels = self.displayed.shape
        return (cols, rows, *channels) if self.orientation >= 5 else (rows, cols, *channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        return np.dtype(self.displayed.dtype)

    @property
    def levels(self) -> tuple[Stored, ...]:
        """Smaller and smaller copies, turned too."""
        return tuple(Stored(level, self.orientation) for level in getattr(self.displayed, "levels", ()))

    def _read(self, region: Region) -> Array:
        top, left, bottom, right = region
        rows, cols = self.shape[:2]
        # Where stored rows and columns lie when displayed: counted from the end if the axis is reversed.
        down = slice(rows - bottom, rows - top) if self.orientation in ROWS else slice(top, bottom)
        across = slice(cols - right, cols - left) if self.orientation in COLS else slice(left, right)
        where = (across, down) if self.orientation >= 5 else (down, across)
        return to_stored(np.asarray(self.displayed[where]), self.orientation)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return pixels in stored order as a viewer shows them (EXIF orientation 1 to 8); nothing is read."""
    return pixels if orientation == 1 else Stored(pixels, INVERSE.get(orientation, orientation))
