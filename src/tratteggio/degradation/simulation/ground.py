"""What lies under lost paint, and how it looks where paint is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.degradation.simulation.textures import random_weave, smooth_noise
from tratteggio.painting.pixels import Array, Lost

Floats = NDArray[np.float32]

# What a loss lays open, sRGB 0 .. 1.
GROUNDS = {
    "gesso": (0.90, 0.87, 0.80),
    "fill": (0.74, 0.60, 0.44),
    "canvas": (0.64, 0.55, 0.43),
    "plaster": (0.76, 0.71, 0.63),
    "loam": (0.62, 0.51, 0.38),
    "wood": (0.30, 0.20, 0.13),
    "bole": (0.56, 0.27, 0.17),
    "grime": (0.45, 0.38, 0.30),
    "paper": (0.83, 0.77, 0.66),
    "cement": (0.60, 0.59, 0.57),
}
ROUGH = ("plaster", "loam", "gesso", "grime", "cement")
WOVEN = ("canvas",)
GRAINED = ("wood",)


@dataclass(frozen=True, eq=False)
class Opening:
    """How a loss looks.

    Attributes:
        bare: (h, w, 3), the ground.
        shade: (h, w), 0 .. 1, how far the rim darkens it.
        blur_px: softness of the rim; None for a hard one.
        opacity: of the ground, 0 .. 1.
    """

    bare: Floats
    shade: Array
    blur_px: float | None
    opacity: float


def random_opening(lost: Lost, rng: Generator) -> Opening:
    """Draw how a loss (h, w) looks."""
    names = list(GROUNDS)
    bare = random_ground(names[rng.integers(len(names))], lost.shape, rng)
    if rng.random() < 0.25:  # paint and ground came off in two steps
        depth = ndimage.distance_transform_edt(lost) + 3 * smooth_noise(lost.shape, 8, rng)
        deeper = random_ground(names[rng.integers(len(names))], lost.shape, rng)
        bare = np.where((depth > rng.uniform(2, 10))[..., None], deeper, bare)
    return Opening(
        bare,
        shade=rng.uniform(0, 0.5) * _random_shade(lost, rng),
        blur_px=rng.uniform(0.3, 1.2) if rng.random() < 0.7 else None,
        opacity=1.0 if rng.random() < 0.8 else rng.uniform(0.6, 1),
    )


def open_losses(paint: Floats, lost: Lost, how: Opening) -> Floats:
    """Show ground where paint is lost: (h, w, 3); beyond the soft rim it is the paint."""
    shaded = how.bare * (1 - how.shade)[..., None]
    cover = lost.astype(np.float32)
    if how.blur_px is not None:
        cover = ndimage.gaussian_filter(cover, how.blur_px)
    cover = cover * np.float32(how.opacity)
    mixed: Floats = paint + (shaded.astype(np.float32) - paint) * cover[..., None]
    return mixed


def simulate_losses(paint: Floats, lost: Lost, rng: Generator) -> Floats:
    """Draw how losses look, and show them.

    Args:
        paint: (h, w, 3), 0 .. 1.
        lost: (h, w).
        rng: random numbers.
    """
    return open_losses(paint, lost, random_opening(lost, rng)) if lost.any() else paint


def random_ground(name: str, grid: tuple[int, int], rng: Generator) -> Floats:
    """Draw what lies under paint: an uneven tone, and its texture: (h, w, 3)."""
    tone = np.array(GROUNDS[name]) * rng.uniform(0.75, 1.15) + rng.normal(0, 0.025, 3)
    strength = rng.uniform(0.2, 1)
    relief = 0.05 * smooth_noise(grid, rng.uniform(20, 60), rng)
    relief = relief + 0.04 * strength * smooth_noise(grid, rng.uniform(2, 8), rng)
    relief = relief + 0.03 * strength * smooth_noise(grid, 0.7, rng)
    if name in WOVEN:
        relief = relief + 0.07 * strength * random_weave(grid, rng)
    if name in ROUGH and rng.random() < 0.5:
        relief = relief + rng.uniform(0.03, 0.15) * _random_slopes(grid, rng)
    if name in GRAINED:
        grain = smooth_noise(grid, (rng.uniform(20, 50), rng.uniform(0.8, 2)), rng)
        relief = relief + 0.06 * strength * grain
    return np.clip(tone * (1 + relief[..., None]), 0, 1).astype(np.float32)


def _random_slopes(grid: tuple[int, int], rng: Generator) -> Floats:
    """Light lumps and pits of all sizes from one side: standard deviation 1."""
    height = sum(scale * smooth_noise(grid, scale, rng) for scale in np.exp(rng.uniform(0, np.log(12), 3)))
    down, across = np.gradient(np.asarray(height, np.float32))
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.sin(angle) * down + np.cos(angle) * across
    return np.asarray(slope / max(float(slope.std()), 1e-9), np.float32)


def _random_shade(lost: Lost, rng: Generator) -> Floats:
    """Return how far the rim throws its shadow into a loss, 0 .. 1, with light from one side."""
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(1, 4)
    paint = (~lost).astype(np.float64)
    moved = ndimage.shift(paint, (reach * np.sin(angle), reach * np.cos(angle)), order=1, mode="nearest")
    return np.asarray(np.clip(ndimage.gaussian_filter(moved, 0.7), 0, 1) * lost, np.float32)
