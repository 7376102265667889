"""Wavelets: a picture as details of several sizes, and noise taken off by leaving small details away.

Two kinds. Haar's transform halves the picture at each level and keeps as many numbers as it has pixels
(orthonormal; Haar 1910, Mallat 1989). The starlet keeps the grid, so that nothing depends on where a window
begins: each level is the difference of two blurs with the weights 1 4 6 4 1, spread ever further apart
    (Starck,
Murtagh, Fadili 2010, section 3.5). Details are left away by a threshold (Donoho and Johnstone 1994).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.filters._window import Border, floats, mode, require_image, require_positive
from tratteggio.painting.pixels import Array, to_depth, white

TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
MOST_LEVELS = 6


def starlet(image: Array, *, levels: int, border: Border = "reflect") -> list[Array]:
    """Split a picture into details, fine ones first, and what is left: their sum is the picture.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        levels: of details, 1 to 6; level j looks 2^(j + 1) pixels further.
        border: see `Border`, but for a partial one.

    Returns:
        levels + 1 arrays of floats of the image's shape.

    Raises:
        BadUsage: no picture, another number of levels, or levels that reach beyond the picture.
    """
    _require_levels(levels)
    require_image(image, reach=starlet_reach(levels))
    scipy_border = mode(border)
    rest = image.astype(floats(image.dtype))
    details = []
    for level in range(levels):
        spread = np.zeros(4 * 2**level + 1)
        spread[:: 2**level] = TAPS
        blurred = rest
        for axis in (0, 1):
            blurred = ndimage.correlate1d(blurred, spread, axis, mode=scipy_border)
        details.append(rest - blurred)
        rest = blurred
    return [*details, rest]


def starlet_reach(levels: int) -> int:
    """Return how far a starlet of so many levels looks, in pixels."""
    return int(2 * (2**levels - 1))


@cache
def _noise_of(levels: int) -> tuple[float, ...]:
    """Return the standard deviation of white noise of 1 in each level: the norm of its wavelet."""
    side = 2 * starlet_reach(levels) + 1
    point = np.zeros((side, side))
    point[side // 2, side // 2] = 1
    return tuple(float(np.sqrt((band**2).sum())) for band in starlet(point, levels=levels)[:-1])


def wavelet(
    image: Array, *, noise: float, levels: int = 4, threshold: float = 2.0, border: Border = "reflect"
) -> Array:
    """Take off noise: details below a threshold are left away, level by level.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        noise: standard deviation of white noise, as a share of the range; above 0.
        levels: of details, 1 to 6.
        threshold: in standard deviations of the noise at each level; the finest gets one more, for it holds
            the most noise and the least paint. 0 changes nothing. Of 1 to 3, 2 is best on phantoms with noise
            of 0.06 and 0.1; more leaves less noise and less paint.
        border: see `Border`, but for a partial one.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, noise of 0 or below, a negative threshold, another number of levels, or levels
            that reach beyond the picture.
    """
    require_positive("noise", noise)
    if not threshold >= 0:
        raise BadUsage(f"a threshold is 0 or above, got {threshold}")
    bands = starlet(image, levels=levels, border=border)
    cleaned = bands[-1]
    for level, (band, own) in enumerate(zip(bands[:-1], _noise_of(levels), strict=True)):
        sigmas = threshold + (1 if threshold and level == 0 else 0)
        cleaned = cleaned + np.where(np.abs(band) > sigmas * own * noise * white(image.dtype), band, 0)
    return to_depth(cleaned, image.dtype)


def haar(image: Array, *, levels: int) -> Array:
    """Transform by Haar's wavelet: the small picture in the corner, details of each level about it.

    Args:
        image: (H, W) or (H, W, C), both sides multiples of 2^levels; floats or whole numbers.
        levels: 1 or more.

    Returns:
        floats of the same shape: above left the picture reduced by 2^levels (times 2^levels in value),
            right of
        it differences across, below it differences down, and so on for each level. Squares sum to the same.

    Raises:
        BadUsage: no picture, or sides that cannot be halved so often.
    """
    _require_halves(image, levels)
    turned = image.astype(floats(image.dtype))
    rows, cols = turned.shape[:2]
    for _ in range(levels):
        part = turned[:rows, :cols]
        for axis in (0, 1):
            even, odd = (part[(slice(None),) * axis + (slice(first, None, 2),)] for first in (0, 1))
            part = np.concatenate([even + odd, even - odd], axis=axis) / np.sqrt(part.dtype.type(2))
        turned[:rows, :cols] = part
        rows, cols = rows // 2, cols // 2
    return turned


def unhaar(turned: Array, *, levels: int) -> Array:
    """Undo `haar`.

    Raises:
        BadUsage: as `haar`.
    """
    _require_halves(turned, levels)
    image = turned.astype(floats(turned.dtype))
    for level in reversed(range(levels)):
        rows, cols = (side >> level for side in image.shape[:2])
        part = image[:rows, :cols]
        for axis in (1, 0):
            low, high = np.split(part, 2, axis=axis)
            joined = np.empty_like(part)
            joined[(slice(None),) * axis + (slice(0, None, 2),)] = low + high
            joined[(slice(None),) * axis + (slice(1, None, 2),)] = low - high
            part = joined / np.sqrt(part.dtype.type(2))
        image[:rows, :cols] = part
    return image


def _require_levels(levels: int) -> None:
    if not 1 <= levels <= MOST_LEVELS:
        raise BadUsage(f"a starlet has 1 to {MOST_LEVELS} levels, got {levels}")


def _require_halves(image: Array, levels: int) -> None:
    require_image(image)
    if levels < 1 or any(side % 2**levels for side in image.shape[:2]):
        raise BadUsage(
            f"Haar's transform halves both sides {levels} times, but the picture has {image.shape[0]} rows "
            f"and {image.shape[1]} columns; crop it to multiples of {2 ** max(levels, 0)}"
        )
