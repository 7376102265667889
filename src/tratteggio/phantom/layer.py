"""Lazy pixels: a function of a region, called block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tratteggio.degradation.simulation.value_noise import Floats
from tratteggio.errors import BadUsage
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.painting.region import Region

Depth = Literal["uint8", "uint16", "float32"]

LEVELS = {"uint8": 255, "uint16": 65535}
BLOCK = (128, 512)  # pixels worked on at once: small enough for the processor's cache


@dataclass(frozen=True, eq=False, repr=False)
class Layer(LazyPixels):
    """Pixels that are made when they are read.

    Attributes:
        shape: (H, W) or (H, W, C).
        dtype: of one sample.
        make: takes a region within the shape and returns its pixels; the same for a pixel in any region.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    make: Callable[[Region], Array]

    def _read(self, region: Region) -> Array:
        out = np.empty((region.rows, region.cols, *self.shape[2:]), self.dtype)
        for row in range(region.top, region.bottom, BLOCK[0]):
            for col in range(region.left, region.right, BLOCK[1]):
                block = Region(
                    row, col, min(row + BLOCK[0], region.bottom), min(col + BLOCK[1], region.right)
                )
                out[block.relative_to(region).slices] = self.make(block)
        return out


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
