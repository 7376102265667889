"""Lazy pixels: a function of a region, called block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Array
from tratteggio.painting.region import Region
from tratteggio.phantom.noise import Floats

Depth = Literal["uint8", "uint16", "float32"]

LEVELS = {"uint8": 255, "uint16": 65535}
BLOCK = (128, 512)  # pixels worked on at once: small enough for the processor's cache


@dataclass(frozen=True, eq=False)
class Layer:
    """Pixels that are made when they are read.

    Attributes:
        shape: (H, W) or (H, W, C).
        dtype: of one sample.
        make: takes a region within the shape and returns its pixels; the same for a pixel in any region.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    make: Callable[[Region], Array]

    def __getitem__(self, key: tuple[slice, slice]) -> Array:
        (top, bottom), (left, right) = (
            _span(part, size) for part, size in zip(key, self.shape, strict=False)
        )
        whole = Region(top, left, bottom, right)
        out = np.empty((whole.rows, whole.cols, *self.shape[2:]), self.dtype)
        for row in range(top, bottom, BLOCK[0]):
            for col in range(left, right, BLOCK[1]):
                block = Region(row, col, min(row + BLOCK[0], bottom), min(col + BLOCK[1], right))
                out[block.relative_to(whole).slices] = self.make(block)
        return out

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:, :], dtype=dtype)


def require_depth(depth: str) -> None:
    """Make sure that a depth is one that phantoms have.

    Raises:
        BadUsage: it is not.
    """
    if depth not in (*LEVELS, "float32"):
        raise BadUsage(f"depth must be uint8, uint16 or float32, got {depth!r}")


def stored(values: Floats, depth: Depth) -> Array:
    """Return values 0 .. 1 at the depth of a scan, rounded."""
    if depth == "float32":
        return values
    levels: Array = np.rint(values * np.float32(LEVELS[depth])).astype(depth)
    return levels


def _span(part: slice, size: int) -> tuple[int, int]:
    if not isinstance(part, slice) or part.step not in (None, 1):
        raise BadUsage(f"a phantom is read by two slices of step 1, got {part!r}")
    start, stop, _ = part.indices(size)
    return start, max(start, stop)
