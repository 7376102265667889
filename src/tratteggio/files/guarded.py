"""Pixels that a format of another package reads: each region is checked, and an error names the file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.files.limits import require_decodable
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array


@dataclass(frozen=True, eq=False, repr=False)
class Guarded(LazyPixels):
    """Pixels whose reader is not ours.

    Attributes:
        pixels: what the reader gave.
        path: the file, for messages.
        shape: (H, W) or (H, W, C), as it was when the file was opened.
        dtype: type of one sample.
    """

    pixels: Pixels
    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def levels(self) -> tuple[Guarded, ...]:
        """Smaller copies, large first."""
        return tuple(_guarded(level, self.path) for level in getattr(self.pixels, "levels", ()))

    @property
    def layout(self) -> str:
        """How the pixels lie in their file."""
        return str(getattr(self.pixels, "layout", "whole"))

    @property
    def by_region(self) -> bool:
        """False if all pixels are decoded together."""
        return bool(getattr(self.pixels, "by_region", True))

    def _read(self, region: Region) -> Array:
        with untrusted(self.path):
            array = np.asarray(self.pixels[region.slices])
            expected = (region.rows, region.cols, *self.shape[2:])
            if array.shape != expected or array.dtype != self.dtype:
                raise ValueError(
                    f"its reader returned {array.dtype} {array.shape} for {self.dtype} {expected}"
                )
        return array


def guard(scan: Scan, path: Path) -> Scan:
    """Return a scan whose pixels are read under guard.

    Raises:
        UnreadableFile: pixels that are decoded together would take more memory than a file may ask for.
    """
    seen = None if scan.seen is None else _guarded(scan.seen, path)
    return replace(scan, pixels=_guarded(scan.pixels, path), seen=seen)


def _guarded(pixels: Pixels, path: Path) -> Guarded:
    shape, dtype = tuple(int(side) for side in pixels.shape), np.dtype(pixels.dtype)
    if not getattr(pixels, "by_region", True):
        require_decodable(path, math.prod(shape) * dtype.itemsize)
    return Guarded(pixels, path, shape, dtype)
