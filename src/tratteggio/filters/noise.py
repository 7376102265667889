"""Noise from a seed: salt and pepper, impulses, Gaussian; the same at a place of the painting in any window.

Chance is drawn in blocks of 256 x 256 pixels that lie fixed on the painting, each from a generator of its own
(PCG64, seeded by the seed and the block), so that a window draws what the whole would.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tratteggio.filters._window import (
    floats,
    require_finite,
    require_image,
    require_positive,
    require_share,
)
from tratteggio.painting.pixels import Array, to_depth, white
from tratteggio.painting.region import Region
from tratteggio.seeds import require_seed

BLOCK = 256


def salt_and_pepper(image: Array, *, share: float, seed: int = 0, origin: tuple[int, int] = (0, 0)) -> Array:
    """Make pixels black or white at random, as many of each; all channels of a pixel at once.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        share: of the pixels that are hit.
        seed: 0 or above; the same gives the same bits.
        origin: (row, column) of the painting where the image begins.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or an option out of range.
    """
    random = _even(image, share, seed, origin)
    noisy = image.copy()
    noisy[random < share / 2] = 0
    noisy[random >= 1 - share / 2] = white(image.dtype)
    return noisy


def impulse(image: Array, *, share: float, seed: int = 0, origin: tuple[int, int] = (0, 0)) -> Array:
    """Make pixels white at random; options, result and errors as `salt_and_pepper`."""
    random = _even(image, share, seed, origin)
    noisy = image.copy()
    noisy[random < share] = white(image.dtype)
    return noisy


def gaussian_noise(
    image: Array, *, sigma: float, mean: float = 0.0, seed: int = 0, origin: tuple[int, int] = (0, 0)
) -> Array:
    """Add independent normal noise to every sample: f + N(mean, sigma).

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        sigma: standard deviation, as a share of the range.
        mean: likewise.
        seed: 0 or above; the same gives the same bits.
        origin: (row, column) of the painting where the image begins.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or an option out of range.
    """
    require_image(image)
    require_positive("sigma", sigma)
    require_finite("mean", mean)
    drawn = _draw(
        image.shape, origin, seed, lambda rng, shape: rng.standard_normal(shape, np.float32)
    ).astype(floats(image.dtype), copy=False)
    top = white(image.dtype)
    drawn *= sigma * top
    if mean:
        drawn += mean * top
    drawn += image
    return to_depth(drawn, image.dtype)


def _even(image: Array, share: float, seed: int, origin: tuple[int, int]) -> Array:
    """Draw evenly from 0 to 1 for each pixel of which a share is to be hit."""
    require_image(image)
    require_share("share", share)
    return _draw(image.shape[:2], origin, seed, lambda rng, shape: rng.random(shape, np.float32))


def _draw(
    shape: tuple[int, ...],
    origin: tuple[int, int],
    seed: int,
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array],
) -> Array:
    """Draw float32 random numbers of a shape for a position in the painting."""
    require_seed(seed)
    region = Region(origin[0], origin[1], origin[0] + shape[0], origin[1] + shape[1])
    out = np.empty(shape, np.float32)
    for row in range(region.top // BLOCK, -(-region.bottom // BLOCK)):
        for col in range(region.left // BLOCK, -(-region.right // BLOCK)):
            block = Region(row * BLOCK, col * BLOCK, (row + 1) * BLOCK, (col + 1) * BLOCK)
            part = block.meet(region)
            values = draw(np.random.default_rng([seed, row, col]), (BLOCK, BLOCK, *shape[2:]))
            out[part.relative_to(region).slices] = values[part.relative_to(block).slices]
    return out
