"""What is laid over the scan: fills where paint is lost, their confidence, the strength of a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Pixels, Region, Restoration
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array

LOW, MIDDLE, HIGH = (213, 94, 0), (240, 228, 66), (0, 114, 178)  # told apart by the colour-blind, too


@dataclass(frozen=True, eq=False)
class Fill:
    """A fill on the grid of the painting.

    Attributes:
        pixels: the painting with the fill, as stored.
        lost: (H, W) bool, where the fill is.
        confidence: (H, W) float32, 0 to 1.
        version: another number for other pixels.
        step: a preview was computed at 1 / step of the size.
    """

    pixels: Pixels
    lost: Pixels
    confidence: Pixels
    version: int = 0
    step: int = 1


def fill_of(restoration: Restoration, version: int = 0) -> Fill:
    """Return the fill of a restoration."""
    return Fill(restoration.pixels, restoration.lacunae.lost, restoration.confidence, version)


@dataclass(frozen=True, eq=False, repr=False)
class Placed(LazyPixels):
    """An array that lies somewhere on a grid; 0 elsewhere.

    Attributes:
        array: (h, w) or (h, w, C).
        region: where it lies.
        grid: (rows, cols) of the painting.
    """

    array: Array
    region: Region
    grid: tuple[int, int]

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, C)."""
        return (*self.grid, *self.array.shape[2:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the array."""
        return self.array.dtype

    def _read(self, region: Region) -> Array:
        out = np.zeros((region.rows, region.cols, *self.array.shape[2:]), self.array.dtype)
        shared = self.region.meet(region)
        if not shared.empty:
            out[shared.relative_to(region).slices] = self.array[shared.relative_to(self.region).slices]
        return out


def coloured(confidence: Array) -> NDArray[np.uint8]:
    """Return the colours of confidence: vermilion for none, yellow for half, blue for full.

    Example:
        >>> coloured(np.array([[0.0, 0.5, 1.0]])).tolist()
        [[[213, 94, 0], [240, 228, 66], [0, 114, 178]]]
    """
    shares = np.clip(np.nan_to_num(confidence), 0, 1)
    channels = [np.interp(shares, (0, 0.5, 1), stops) for stops in zip(LOW, MIDDLE, HIGH, strict=True)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colours
