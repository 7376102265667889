"""Connected components: pieces of a mask, counted and measured (Szeliski 2022, section 3.3.4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.filters._window import channels, require_image, require_unit_range
from tratteggio.painting.pixels import Array, white

EIGHT = np.ones((3, 3), bool)  # neighbours along diagonals count


class Components(NamedTuple):
    """The pieces of a mask.

    Attributes:
        labels: (H, W) int32, 0 outside, else the number of the piece, from 1 on.
        areas: (n,) pixels of each piece.
        centres: (n, 2) mean row and column of each.
    """

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    centres: NDArray[np.float64]


def find_components(mask: NDArray[np.bool_]) -> Components:
    """Find the connected pieces of a mask; pixels that touch at a corner are connected.

    Args:
        mask: (H, W).

    Raises:
        BadUsage: not (H, W) bool.

    Example:
        >>> mask = np.array([[1, 0, 0, 1], [0, 1, 0, 1]], bool)
        >>> find_components(mask).areas
        array([2, 2])
    """
    if mask.ndim != 2 or mask.dtype != bool:
        raise BadUsage(f"find_components takes a mask (H, W) of bool, got {mask.dtype.name} {mask.shape}")
    labels, count = ndimage.label(mask, EIGHT)
    numbers = np.arange(1, count + 1)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    centres = np.array(ndimage.center_of_mass(mask, labels, numbers)).reshape(count, 2)
    return Components(labels.astype(np.int32), areas, centres)


def drop_small(image: Array, *, area: int, at: float = 0.5) -> Array:
    """Drop the connected bright pieces of fewer pixels: they become black.

    For masks: specks go, and larger pieces keep every pixel, unlike by an opening.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1.
        area: pieces of fewer pixels are dropped; 2 to 4,096.
        at: a share of the range from which a pixel belongs to a piece.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or another area.
        BadPixels: floats beyond 0 .. 1.
    """
    require_image(image)
    require_unit_range(image, "drop_small")
    if not 2 <= area <= 4096:
        raise BadUsage(f"area is 2 to 4,096 pixels, got {area}")

    def keep(channel: Array) -> Array:
        bright = channel >= at * white(image.dtype)
        labels, count = ndimage.label(bright, EIGHT)
        small = np.bincount(labels.ravel(), minlength=count + 1) < area
        small[0] = False
        return np.where(small[labels], np.array(0, image.dtype), channel)

    return channels(image, keep)
