"""Pyramids: ever smaller pictures, what each step loses, and blending by bands (Burt and Adelson 1983).

All work in floats and in the units of the picture, along rows and columns with the weights 1 4 6 4 1; beyond
the edge the picture is mirrored (c b | a b).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters._window import floats, require_image
from tratteggio.names import rows_and_columns
from tratteggio.painting.pixels import Array, to_depth

TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


def reduced(image: Array) -> Array:
    """Smooth, and keep every second pixel, from the first on: (H, W) -> (ceil(H / 2), ceil(W / 2)).

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.

    Returns:
        float32, or float64 for float64.

    Raises:
        BadUsage: no picture.
    """
    require_image(image)
    for axis in (0, 1):
        image = ndimage.correlate1d(image, TAPS, axis, floats(image.dtype), "mirror")
        image = image[::2] if axis == 0 else image[:, ::2]
    return image


def expanded(image: Array, grid: tuple[int, int]) -> Array:
    """Interpolate to twice the grid, by the weights that `reduced` smooths with.

    Args:
        image: floats, (h, w) or (h, w, C).
        grid: (rows, columns) to reach; each is twice that of the image, or one less.

    Raises:
        BadUsage: no picture.
        GridMismatch: another grid.
    """
    require_image(image)
    if tuple(-(-side // 2) for side in grid) != image.shape[:2]:
        raise GridMismatch(f"{image.shape[:2]} (rows, columns) cannot be expanded to {grid}")
    for axis, side in enumerate(grid):
        if side == 1:  # there is nothing to interpolate between
            continue
        spaced = np.zeros((*image.shape[:axis], side, *image.shape[axis + 1 :]), image.dtype)
        spaced[(slice(None),) * axis + (slice(None, None, 2),)] = image
        # Every second pixel is 0: mirrored at a pixel, not between two, they stay every second.
        image = ndimage.correlate1d(spaced, 2 * TAPS, axis, image.dtype, "mirror")
    return image


def gaussian_pyramid(image: Array, *, levels: int) -> list[Array]:
    """Return the picture and ever smaller copies of it, as floats.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        levels: how many pictures in all; the last has one pixel at least each way.

    Raises:
        BadUsage: no picture, no levels, or more than the picture can be halved.
    """
    require_image(image)
    most = int(min(image.shape[:2])).bit_length()
    if not 1 <= levels <= most:
        raise BadUsage(
            f"an image of {rows_and_columns(image.shape)} has 1 to {most} pyramid levels, got {levels}"
        )
    pyramid = [image.astype(floats(image.dtype), copy=False)]
    while len(pyramid) < levels:
        pyramid.append(reduced(pyramid[-1]))
    return pyramid


def laplacian_pyramid(image: Array, *, levels: int) -> list[Array]:
    """Return what each step of a Gaussian pyramid loses, and its last picture; `collapsed` is the reverse.

    Args and errors as `gaussian_pyramid`.
    """
    pyramid = gaussian_pyramid(image, levels=levels)
    bands = [
        finer - expanded(coarser, (finer.shape[0], finer.shape[1])) for finer, coarser in pairwise(pyramid)
    ]
    return [*bands, pyramid[-1]]


def collapsed(bands: Sequence[Array]) -> Array:
    """Add up a Laplacian pyramid, from the smallest picture on.

    Raises:
        BadUsage: no bands.
        GridMismatch: the bands are not halves of each other.
    """
    if not bands:
        raise BadUsage("a pyramid has one band at least, got none")
    image = bands[-1]
    for band in reversed(bands[:-1]):
        image = band + expanded(image, (band.shape[0], band.shape[1]))
    return image


def blend(first: Array, second: Array, matte: Array, *, levels: int) -> Array:
    """Join two pictures band by band: large forms over a wide seam, details over a narrow one.

    Each band of the two is mixed by the matte at its size (Burt and Adelson 1983, "A multiresolution
    spline").

    Args:
        first: (H, W) or (H, W, C); uint8, uint16 or float; shown where the matte is 1.
        second: of the same shape and depth; shown where it is 0.
        matte: (H, W) float from 0 to 1, or bool.
        levels: bands; 1 mixes pixel by pixel.

    Returns:
        an array like the two.

    Raises:
        BadUsage: no pictures, two depths, a matte of another kind, or a number of levels that does not fit.
        GridMismatch: the shapes differ.
    """
    if first.shape != second.shape or matte.shape != first.shape[:2]:
        raise GridMismatch(
            f"two pictures and their matte share a grid, got {first.shape}, {second.shape} and {matte.shape}"
        )
    if first.dtype != second.dtype or matte.dtype.kind not in "bf":
        raise BadUsage(
            "two pictures of one depth and a matte of floats or bool, got "
            f"{first.dtype.name}, {second.dtype.name} and {matte.dtype.name}"
        )
    shares = gaussian_pyramid(matte.astype(floats(first.dtype)), levels=levels)
    pairs = zip(
        laplacian_pyramid(first, levels=levels), laplacian_pyramid(second, levels=levels), shares, strict=True
    )
    bands = []
    for one, other, share in pairs:
        weight = share if one.ndim == 2 else share[..., None]
        bands.append(weight * one + (1 - weight) * other)
    return to_depth(collapsed(bands), first.dtype)
