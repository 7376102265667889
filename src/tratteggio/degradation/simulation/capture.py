"""A capture of what is there: light, optics, sensor and file, with random parameters.

Two sets of ranges, each with the plain function that applies them: the net of detector `lacunae` has learnt
from photographs, that of detector `cracks` from scans of single modalities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.degradation.simulation.blur import blur, compress
from tratteggio.degradation.simulation.dirt import Dirt, add_dirt, random_dirt
from tratteggio.degradation.simulation.textures import random_even_weave, smooth_noise
from tratteggio.painting.pixels import Array

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Photograph:
    """How a photograph is taken.

    Attributes:
        light: (3,) gain of each channel.
        gamma: of the tone.
        blur_px: standard deviation of the blur; None for none.
        noise: (H, W, 3), added.
        quality: of the JPEG; None for no compression.
    """

    light: Doubles
    gamma: float
    blur_px: float | None
    noise: Doubles
    quality: int | None


def random_photograph(shape: tuple[int, ...], rng: Generator) -> Photograph:
    """Draw how a photograph of a shape (H, W, 3) is taken."""
    return Photograph(
        light=rng.uniform(0.75, 1.2) * np.exp(rng.normal(0, 0.05, 3)),
        gamma=rng.uniform(0.8, 1.25),
        blur_px=rng.uniform(0.2, 1.2) if rng.random() < 0.5 else None,
        noise=rng.normal(0, rng.uniform(0, 0.02), shape),
        quality=int(rng.integers(50, 96)) if rng.random() < 0.5 else None,
    )


def photograph(seen: Floats, how: Photograph) -> Floats:
    """Take a photograph of (H, W, 3), 0 .. 1."""
    lit: Array = np.clip(seen, 0, 1) ** how.gamma * how.light
    if how.blur_px is not None:
        lit = blur(lit, how.blur_px)
    lit = np.clip(lit + how.noise, 0, 1)
    if how.quality is not None:
        lit = compress(np.rint(lit * 255).astype(np.uint8), how.quality) / 255
    return lit.astype(np.float32)


@dataclass(frozen=True, eq=False)
class ScanCapture:
    """How a scan is taken; None where a step is left out.

    Attributes:
        blur_px: standard deviation of the blur.
        weave, grain: (side, side), added: of canvas and of wood.
        dirt: spots.
        low, high: range of the exposure.
        gamma: of the tone.
        uneven: (side, side), factor of light from one side.
        noise: (side, side), added.
        quality: of the JPEG.
    """

    blur_px: float | None
    weave: Array | None
    grain: Array | None
    dirt: Dirt | None
    low: float
    high: float
    gamma: float
    uneven: Array | None
    noise: Array
    quality: int | None


def random_scan(side: int, rng: Generator) -> ScanCapture:
    """Draw how a scan of a square of a side in pixels is taken."""
    square = (side, side)
    # Python evaluates these in order: the random numbers are those that shipped weights have learnt from.
    return ScanCapture(
        blur_px=rng.uniform(0.3, 1.2) if rng.random() < 0.5 else None,
        weave=rng.uniform(0.01, 0.07) * random_even_weave(side, rng) if rng.random() < 0.2 else None,
        grain=_random_grain(side, rng) if rng.random() < 0.2 else None,
        dirt=random_dirt(side, rng) if rng.random() < 0.3 else None,
        low=rng.uniform(0, 0.35),
        high=rng.uniform(0.5, 1),
        gamma=rng.uniform(0.6, 1.6),
        uneven=(
            1 + 0.3 * smooth_noise(square, side / 3, rng, interpolation="bicubic")
            if rng.random() < 0.25
            else None
        ),
        noise=_random_noise(side, rng),
        quality=int(rng.integers(55, 96)) if rng.random() < 0.35 else None,
    )


def capture_scan(light: Array, how: ScanCapture) -> NDArray[np.uint8]:
    """Take a scan of (side, side, C): blur, weave, grain, dirt, exposure, noise, compression; at 8 bits."""
    if how.blur_px is not None:
        light = blur(light, how.blur_px, truncate=2.5)
    for texture in (how.weave, how.grain):
        if texture is not None:
            light = light + texture[..., None]
    if how.dirt is not None:
        light = add_dirt(light, how.dirt)
    light = how.low + (how.high - how.low) * np.clip(light, 0, 1) ** how.gamma
    if how.uneven is not None:
        light = light * how.uneven[..., None]
    light = light + how.noise[..., None]
    levels: NDArray[np.uint8] = np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
    return levels if how.quality is None else compress(levels, how.quality)


def _random_grain(side: int, rng: Generator) -> Array:
    grain = smooth_noise((side, side), (rng.uniform(8, 40), 1.0), rng, interpolation="bicubic")
    strength = rng.uniform(0.01, 0.06)
    return np.asarray(strength * (grain if rng.random() < 0.5 else grain.T))


def _random_noise(side: int, rng: Generator) -> Array:
    if rng.random() < 0.6:
        noise = rng.standard_normal((side, side), np.float32)
    else:
        noise = smooth_noise((side, side), rng.uniform(0.5, 1.5), rng, interpolation="bicubic")
    return np.asarray(np.exp(rng.uniform(np.log(0.002), np.log(0.045))) * noise)
