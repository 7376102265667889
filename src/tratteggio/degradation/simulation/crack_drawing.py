"""Cracks of many kinds drawn over a patch, and how they look on paint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage, spatial

from tratteggio.degradation.simulation.crack_network import Craquelure
from tratteggio.degradation.simulation.textures import smooth_noise
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.region import Region

Floats = NDArray[np.float32]


def random_network(side: int, rng: Generator) -> Floats:
    """Draw cracks: the share of each pixel that they cover, (side, side); now and then none."""
    kind = rng.choice(["panel", "cells", "strays", "none"], p=[0.35, 0.25, 0.3, 0.1])
    if kind == "panel":
        um_per_px = float(np.exp(rng.uniform(np.log(22), np.log(140))))
        spacing_mm = rng.uniform(20, 110) * um_per_px / 1000
        here = Region(0, 0, side, side).shift(*(int(n) for n in rng.integers(0, 4000, 2)))
        return Craquelure(int(rng.integers(1 << 30)), um_per_px, float(spacing_mm)).at(here).cover
    if kind == "cells":
        return random_cells(side, rng)
    if kind == "strays":
        return random_strays(side, rng)
    return np.zeros((side, side), np.float32)


def random_cells(side: int, rng: Generator) -> Floats:
    """Draw the walls between cells about random points, bent, some of them closed, of many widths."""
    spacing = np.exp(rng.uniform(np.log(14), np.log(90)))
    count = max(4, int((1.6 * side / spacing) ** 2))
    points = rng.uniform(-0.3 * side, 1.3 * side, (count, 2))
    places = np.moveaxis(np.mgrid[:side, :side], 0, -1).astype(np.float64)
    bend = rng.uniform(0.03, 0.12) * spacing
    places += bend * np.stack(
        [smooth_noise((side, side), spacing / 5, rng, interpolation="bicubic") for _ in range(2)], axis=-1
    )
    far, near = spatial.cKDTree(points).query(places, k=2)
    one, two = points[near[..., 0]], points[near[..., 1]]
    apart = np.linalg.norm(one - two, axis=-1)
    away = (far[..., 1] ** 2 - far[..., 0] ** 2) / (2 * apart)
    widest = np.exp(rng.uniform(np.log(1.0), np.log(8.0)))
    # Each wall has a width of its own, by its two points.
    wall = np.sort(near, axis=-1).astype(np.uint64) @ np.array([7919, 104729], np.uint64)
    random = ((wall * np.uint64(2654435761)) >> np.uint64(8)) % np.uint64(1000) / 1000.0
    width = widest * np.clip(1.25 * random + rng.uniform(-0.2, 0.3), 0, 1)
    width *= 1 + 0.25 * smooth_noise((side, side), 4.0, rng, interpolation="bicubic")
    return _cover(width, away)


def random_strays(side: int, rng: Generator) -> Floats:
    """Draw one to four cracks that wander on their own, with branches."""
    cover = np.zeros((side, side), np.float32)
    ways: list[NDArray[np.float64]] = []
    for _ in range(int(rng.integers(1, 5))):
        branch = bool(ways) and rng.random() < 0.5
        start = ways[0][rng.integers(len(ways[0]))] if branch else rng.uniform(0, side, 2)
        length = int(rng.integers(side // 3, 2 * side))
        turns = rng.normal(0, rng.uniform(0.02, 0.2), length)
        heading = rng.uniform(0, 2 * np.pi) + ndimage.gaussian_filter1d(np.cumsum(turns), 1.5) * 0.5
        way = start + np.cumsum(np.stack([np.sin(heading), np.cos(heading)], axis=-1), axis=0)
        ways.append(way)
        widest = np.exp(rng.uniform(np.log(1.0), np.log(8.0 if not branch else 4.0)))
        swell = ndimage.gaussian_filter1d(rng.normal(0, 1, length), rng.uniform(2, 12))
        width = widest * np.clip(1 + 0.5 * swell / (swell.std() + 1e-6), 0.15, 2)
        width *= np.minimum(1, np.linspace(6, 0, length))  # it ends in a point
        at = np.rint(way).astype(int)
        inside = ((at >= 0) & (at < side)).all(axis=1)
        if not inside.any():
            continue
        wide = np.full((side, side), -1.0)
        wide[tuple(at[inside].T)] = width[inside]
        away, nearest = ndimage.distance_transform_edt(wide < 0, return_indices=True)
        np.maximum(cover, _cover(wide[tuple(nearest)], away), out=cover)
    return cover


def _cover(width: NDArray[np.float64], away: NDArray[np.float64]) -> Floats:
    """Return the share of a pixel that a crack of some width covers whose middle is so far away."""
    return np.clip(width / 2 + 0.5 - np.abs(away), 0, np.clip(width, 0, 1)).astype(np.float32)


# --- looks ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CrackLook:
    """How cracks look.

    Attributes:
        tint: (3,) sRGB, 0 .. 1: dark clefts or bright fillings.
        strength: (side, side), how far the tint hides the paint.
        halo: blur in pixels, shift in pixels (down, across) and strength of raised or soiled rims; or None.
    """

    tint: NDArray[np.float64]
    strength: Array
    halo: tuple[float, NDArray[np.float64], float] | None


def random_crack_look(side: int, rng: Generator) -> CrackLook:
    """Draw how the cracks of a patch look."""
    dark = rng.random() < 0.78
    tint = rng.uniform(0, 0.25, 3) if dark else rng.uniform(0.75, 1, 3)
    if rng.random() < 0.4:  # a cleft shows the same paint, in shadow
        tint = np.full(3, tint.mean())
    uneven = rng.uniform(0.25, 1.0)
    strength = uneven * np.clip(
        1 + 0.3 * smooth_noise((side, side), 10.0, rng, interpolation="bicubic"), 0.2, 1
    )
    halo = None
    if rng.random() < 0.3:
        halo = (rng.uniform(1.5, 4), rng.uniform(-2, 2, 2), rng.uniform(-0.25, 0.35))
    return CrackLook(tint, strength, halo)


def composite_cracks(ground: Floats, cover: Floats, look: CrackLook) -> Floats:
    """Put cracks over paint: (side, side, 3).

    Args:
        ground: (side, side, 3), 0 .. 1.
        cover: (side, side), share of each pixel that a crack covers.
        look: how they look.
    """
    share = (cover * look.strength)[..., None].astype(np.float32)
    seen = ground
    if look.halo is not None:
        blur_px, shift_px, strength = look.halo
        halo = ndimage.shift(ndimage.gaussian_filter(cover, blur_px), shift_px, order=1, mode="nearest")
        seen = seen + (strength * np.minimum(halo * 1.5, 1))[..., None]
    return np.asarray(seen * (1 - share) + look.tint.astype(np.float32) * share, np.float32)


def darken_cracks(paint: Floats, lines: Lost, *, blur_px: float, strength: float) -> Floats:
    """Darken paint (h, w, 3) along lines (h, w)."""
    cover = ndimage.gaussian_filter(lines.astype(np.float32), blur_px) * strength
    return np.asarray(paint * (1 - cover)[..., None], np.float32)
