"""Which way samples run: in some files 0 is white. Inside the package 0 is black, and files keep their sense.

Readers turn such samples once, writers turn them back: `white - (white - x)` is `x`, so that no bit changes.
Unsigned integers wrap around, so that this holds for samples beyond a stated white, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tratteggio.painting import Metadata, Pixels, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, white

WHITE_IS_0 = "miniswhite"  # in the metadata of a scan, under `foreign`, as "photometric"


@dataclass(frozen=True, eq=False, repr=False)
class Turned(LazyPixels):
    """Grey levels counted from the other end: white becomes 0 and 0 becomes white; alpha stays.

    Attributes:
        pixels: (H, W) or (H, W, C), unsigned integers; the first channel is grey.
        white: the sample that becomes 0.
    """

    pixels: Pixels
    white: int

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the pixels."""
        return tuple(self.pixels.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        return np.dtype(self.pixels.dtype)

    @property
    def levels(self) -> tuple[Turned, ...]:
        """Smaller and smaller copies, turned too."""
        return tuple(Turned(level, self.white) for level in getattr(self.pixels, "levels", ()))

    @property
    def layout(self) -> str:
        """How the pixels lie in their file."""
        return str(getattr(self.pixels, "layout", "whole"))

    @property
    def by_region(self) -> bool:
        """False if all pixels are decoded together."""
        return bool(getattr(self.pixels, "by_region", True))

    def _read(self, region: Region) -> Array:
        array = np.array(self.pixels[region.slices])
        grey = array if array.ndim == 2 else array[..., 0]
        np.subtract(array.dtype.type(self.white), grey, out=grey)
        return array


def turned(pixels: Pixels, metadata: Metadata, *, alpha: bool) -> Pixels:
    """Turn the samples of a grey scan whose file stores white as 0; others are returned as they are.

    Args:
        pixels: (H, W) or (H, W, C), as the file stores them, or as the package sees them: both ways.
        metadata: of the scan.
        alpha: True if the last channel is opacity.

    Example:
        >>> negative = Metadata(foreign={"photometric": "miniswhite"})
        >>> turned(np.array([[0, 255]], np.uint8), negative, alpha=False)[0:1, 0:2]
        array([[255,   0]], dtype=uint8)
    """
    colours = 1 if len(pixels.shape) == 2 else pixels.shape[2] - int(alpha)
    stored = metadata.foreign.get("photometric") == WHITE_IS_0
    dtype = np.dtype(pixels.dtype)
    if not stored or colours != 1 or dtype.kind != "u":
        return pixels
    return Turned(pixels, int(white(dtype) if metadata.white is None else metadata.white))
