"""Patches with paint losses as a scan shows them: what lies under the paint is bared, and where is known.

To a net that fills, a lacuna is a place that it is not shown. To one that finds lacunae it is a place that
looks otherwise, and like what no painter meant; so what it is shown has to be drawn as well:

    paint (a picture, intact) + lost (a kind of damage)
      -> ground (gesso, fill, canvas, plaster, wood, ... with texture) laid in, its rim soft or hard, shaded
      -> cracks here and there, which are no losses
      -> light, blur, noise and compression over all, so that none of these tells paint from ground

One patch in four is cut from a phantom panel, whose losses are exact, instead; some are left intact, since a
tool that finds damage where there is none is worse than none. Ours: the sheet of losses that a real panel
would give does not exist with a licence that lets weights be passed on.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tratteggio.filters.ground import planes
from tratteggio.painting.pixels import Lost
from tratteggio.painting.region import Region
from tratteggio.phantom import panel
from tratteggio.phantom.motifs import Motif
from tratteggio.seeds import require_seed
from tratteggio.training.damage import KINDS, draw
from tratteggio.training.patches import Patches

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]

# What a loss bares, sRGB 0 .. 1.
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

NAME = "bared"  # the damage of recipes for nets that find it, and do not fill it
INTACT = 0.3  # share of the patches without any loss
FROM_PHANTOMS = 0.25
PANELS, PANEL_GRID = 24, (512, 512)
UM_PER_PX = (200.0, 100.0, 60.0)  # of panels, by turns
FAR = 640  # px of the longer side that pictures are also brought to: wide losses are then seen whole
MOTIFS: tuple[Motif, ...] = ("saint", "landscape", "still life")


class Bared:
    """Patches of paintings and of phantoms, in part with losses. Each is a pure function of its index.

    Args:
        patches: of intact paintings, RGB; what is lost in them is where losses are drawn.
        seed: another seed is other chance.
    """

    def __init__(self, patches: Patches, *, seed: int = 0) -> None:
        self.patches, self.seed = patches, require_seed(seed)

    @property
    def seconds(self) -> dict[str, float]:
        """Running totals by stage, for the journal."""
        return self.patches.seconds

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that could not be read so far."""
        return self.patches.unreadable

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        """Return truth (9, side, side), what a net is shown and 1 where lost, and known, all 1."""
        rng = np.random.default_rng([self.seed, 7, index])
        if rng.random() < FROM_PHANTOMS:
            shown, lost = self._of_phantom(rng)
        else:
            truth, known, *_ = self.patches[index]
            shown, lost = truth.transpose(1, 2, 0), known[0] < 0.5
            if rng.random() < INTACT:
                lost = np.zeros_like(lost)
            if rng.random() < 0.3:
                shown = cracked(shown, rng)
            shown = laid(shown, lost, rng)
        shown = taken(shown, rng)
        truth = np.concatenate([planes(shown), lost[None].astype(np.float32)])
        return truth, np.ones_like(truth[:1])

    def _of_phantom(self, rng: Generator) -> tuple[Floats, Lost]:
        colour, lost = self._panels[int(rng.integers(len(self._panels)))]
        side = self.patches.side
        top, left = (int(rng.integers(max(1, n - side + 1))) for n in PANEL_GRID)
        here = Region(top, left, top + side, left + side).slices
        turns, flip = int(rng.integers(4)), bool(rng.random() < 0.5)
        shown, gone = (np.rot90(a[here], turns) for a in (colour, lost))
        if flip:
            shown, gone = shown[:, ::-1], gone[:, ::-1]
        return shown.astype(np.float32) / np.float32(255), np.ascontiguousarray(gone)

    @cached_property
    def _panels(self) -> Sequence[tuple[NDArray[np.uint8], Lost]]:
        made = (
            panel(
                *PANEL_GRID,
                seed=self.seed + number,
                um_per_px=UM_PER_PX[number // len(MOTIFS) % len(UM_PER_PX)],
                cracks=0.015,
                losses=0.10,
                motif=MOTIFS[number % len(MOTIFS)],
            )
            for number in range(PANELS)
        )
        return [(one.damaged.colour(), one.losses.read()) for one in made]


def without_truth(patches: Tensor) -> Tensor:
    """Return what a net is shown of patches (B, 9, H, W): all but where paint is lost."""
    return patches[:, :-1]


# --- what is drawn -----------------------------------------------------------------------------------


def laid(paint: Floats, lost: Lost, rng: Generator) -> Floats:
    """Lay ground into what is lost.

    Args:
        paint: (h, w, 3), 0 .. 1.
        lost: (h, w).
        rng: chance.

    Returns:
        (h, w, 3); beyond the soft rim of what is lost it is the paint.
    """
    if not lost.any():
        return paint
    names = list(GROUNDS)
    bare = ground(names[rng.integers(len(names))], lost.shape, rng)
    if rng.random() < 0.25:  # paint and ground came off in two steps
        depth = ndimage.distance_transform_edt(lost) + 3 * _noise(lost.shape, 8, rng)
        deeper = ground(names[rng.integers(len(names))], lost.shape, rng)
        bare = np.where((depth > rng.uniform(2, 10))[..., None], deeper, bare)
    shaded = bare * (1 - rng.uniform(0, 0.5) * _shade(lost, rng))[..., None]
    cover = lost.astype(np.float32)
    if rng.random() < 0.7:
        cover = ndimage.gaussian_filter(cover, rng.uniform(0.3, 1.2))
    cover = cover * np.float32(1.0 if rng.random() < 0.8 else rng.uniform(0.6, 1))
    mixed: Floats = paint + (shaded.astype(np.float32) - paint) * cover[..., None]
    return mixed


def ground(name: str, grid: tuple[int, int], rng: Generator) -> Floats:
    """Draw what lies under paint: its tone, unlike from place to place, and its texture: (h, w, 3)."""
    tone = np.array(GROUNDS[name]) * rng.uniform(0.75, 1.15) + rng.normal(0, 0.025, 3)
    strength = rng.uniform(0.2, 1)
    relief = 0.05 * _noise(grid, rng.uniform(20, 60), rng)
    relief = relief + 0.04 * strength * _noise(grid, rng.uniform(2, 8), rng)
    relief = relief + 0.03 * strength * _noise(grid, 0.7, rng)
    if name in WOVEN:
        relief = relief + 0.07 * strength * _weave(grid, rng)
    if name in ROUGH and rng.random() < 0.5:
        relief = relief + rng.uniform(0.03, 0.15) * _lit(grid, rng)
    if name in GRAINED:
        relief = relief + 0.06 * strength * _noise(grid, (rng.uniform(20, 50), rng.uniform(0.8, 2)), rng)
    return np.clip(tone * (1 + relief[..., None]), 0, 1).astype(np.float32)


def cracked(paint: Floats, rng: Generator) -> Floats:
    """Draw dark cracks, which are not to be found as losses."""
    lines = draw(KINDS["craquelure" if rng.random() < 0.5 else "cracks"], paint.shape[:2], rng)
    cover = ndimage.gaussian_filter(lines.astype(np.float32), rng.uniform(0.3, 0.8)) * rng.uniform(0.4, 0.9)
    return np.asarray(paint * (1 - cover)[..., None], np.float32)


def taken(seen: Floats, rng: Generator) -> Floats:
    """Take a picture of it: light of some colour, a lens, a sensor, at times compression."""
    light = rng.uniform(0.75, 1.2) * np.exp(rng.normal(0, 0.05, 3))
    lit = np.clip(seen, 0, 1) ** rng.uniform(0.8, 1.25) * light
    if rng.random() < 0.5:
        lit = ndimage.gaussian_filter(lit, (*[rng.uniform(0.2, 1.2)] * 2, 0))
    lit = np.clip(lit + rng.normal(0, rng.uniform(0, 0.02), lit.shape), 0, 1)
    if rng.random() < 0.5:
        file = io.BytesIO()
        levels = np.rint(lit * 255).astype(np.uint8)
        Image.fromarray(levels).save(file, "JPEG", quality=int(rng.integers(50, 96)))
        lit = np.asarray(Image.open(file)) / 255
    return lit.astype(np.float32)


def _noise(grid: tuple[int, int], scale: float | tuple[float, float], rng: Generator) -> Floats:
    """Draw smooth noise of standard deviation 1, of a scale in pixels (down, across)."""
    scales = scale if isinstance(scale, tuple) else (scale, scale)
    # Wide waves are drawn on a coarser lattice, where they are two places wide.
    steps = [max(1.0, one / 2) for one in scales]
    rows, cols = (int(side / step) + 4 for side, step in zip(grid, steps, strict=True))
    wide = [one / step for one, step in zip(scales, steps, strict=True)]
    drawn = ndimage.gaussian_filter(rng.standard_normal((rows, cols), np.float32), wide, mode="wrap")
    box = (1.0, 1.0, 1.0 + grid[1] / steps[1], 1.0 + grid[0] / steps[0])
    fine = Image.fromarray(drawn).resize(grid[::-1], Image.Resampling.BILINEAR, box=box)
    noise = np.asarray(fine, np.float32)
    noise = noise - noise.mean()
    return np.asarray(noise / max(float(noise.std()), 1e-9), np.float32)


def _weave(grid: tuple[int, int], rng: Generator) -> Floats:
    """Draw threads over and under each other, -1 .. 1."""
    y, x = np.mgrid[: grid[0], : grid[1]] + 1.5 * _noise(grid, 12, rng)
    down, across = rng.uniform(3, 8, 2)
    return np.asarray(np.sin(2 * np.pi * y / down) * np.sin(2 * np.pi * x / across), np.float32)


def _lit(grid: tuple[int, int], rng: Generator) -> Floats:
    """Light lumps and pits of all sizes from one side: of standard deviation 1."""
    height = sum(scale * _noise(grid, scale, rng) for scale in np.exp(rng.uniform(0, np.log(12), 3)))
    down, across = np.gradient(np.asarray(height, np.float32))
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.sin(angle) * down + np.cos(angle) * across
    return np.asarray(slope / max(float(slope.std()), 1e-9), np.float32)


def _shade(lost: Lost, rng: Generator) -> Floats:
    """Tell how far the rim throws its shadow into a loss, 0 .. 1, with light from one side."""
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(1, 4)
    paint = (~lost).astype(np.float64)
    moved = ndimage.shift(paint, (reach * np.sin(angle), reach * np.cos(angle)), order=1, mode="nearest")
    return np.asarray(np.clip(ndimage.gaussian_filter(moved, 0.7), 0, 1) * lost, np.float32)
