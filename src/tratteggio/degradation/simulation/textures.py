"""Textures drawn at random over a patch: smooth noise, and the weave of a canvas."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def smooth_noise(
    grid: tuple[int, int],
    scale: float | tuple[float, float],
    rng: Generator,
    *,
    interpolation: Literal["bilinear", "bicubic"] = "bilinear",
) -> Floats:
    """Draw noise of mean 0 and standard deviation 1 that changes over some pixels: (rows, cols).

    Args:
        grid: (rows, cols).
        scale: in pixels, or (down a column, along a row).
        rng: random numbers.
        interpolation: "bilinear" for the noise that the net of detector `lacunae` has learnt from, "bicubic"
            for that of detector `cracks`: the numbers differ, and both must stay reproducible.
    """
    scales = scale if isinstance(scale, tuple) else (scale, scale)
    bicubic = interpolation == "bicubic"
    # Wide waves are drawn on a coarser lattice, where they are two places wide.
    steps = [max(1.0, one / 2) for one in scales]
    rows, cols = (int(side / step) + 4 for side, step in zip(grid, steps, strict=True))
    widths = [one / step for one, step in zip(scales, steps, strict=True)]
    white = rng.standard_normal((rows, cols), dtype=np.float32)
    noise = ndimage.gaussian_filter(white, widths, mode="wrap", truncate=3.0 if bicubic else 4.0)
    if bicubic and (rows, cols) == (grid[0] + 4, grid[1] + 4):
        noise = noise[: grid[0], : grid[1]]
    else:
        box = (1.0, 1.0, 1.0 + grid[1] / steps[1], 1.0 + grid[0] / steps[0])
        resampling = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
        noise = np.asarray(Image.fromarray(noise).resize(grid[::-1], resampling, box=box), np.float32)
    noise = noise - noise.mean()
    return np.asarray(noise / max(float(noise.std()), 1e-9), np.float32)


def weave(places: Doubles, *, down_px: float, across_px: float, tighter: float = 1.0) -> Doubles:
    """Return threads over and under each other, -1 .. 1.

    Args:
        places: (2, rows, cols), where each pixel lies in the cloth: y and x.
        down_px, across_px: two threads down a column, and along a row.
        tighter: how many times more threads there are along a row.
    """
    y, x = places
    return np.asarray(np.sin(2 * np.pi * y / down_px) * np.sin(2 * np.pi * x / across_px * tighter))


def random_weave(grid: tuple[int, int], rng: Generator) -> Floats:
    """Draw a coarse canvas, its threads pulled the same way down and across: -1 .. 1."""
    places = np.mgrid[: grid[0], : grid[1]] + 1.5 * smooth_noise(grid, 12, rng)
    down, across = rng.uniform(3, 8, 2)
    return np.asarray(weave(places, down_px=down, across_px=across), np.float32)


def random_even_weave(side: int, rng: Generator) -> Doubles:
    """Draw a canvas with about as many threads down as across, pulled in both directions: -1 .. 1."""
    pulled = np.stack([smooth_noise((side, side), 20.0, rng, interpolation="bicubic") for _ in range(2)])
    places = np.mgrid[:side, :side] + 1.5 * pulled
    period = rng.uniform(3, 9)
    return weave(places, down_px=period, across_px=period, tighter=rng.uniform(0.9, 1.1))
