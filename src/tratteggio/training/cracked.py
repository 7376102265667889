"""Cracked paint to learn from: phantoms, and cracks laid over pictures, with exact truth.

    index -> a panel, examined, or a picture (or ground of one tone), at times with drawn lines, which are no
             cracks, and with a network laid over it
          -> exposure, blur, weave, grain and noise by chance -> planes of even contrast; where cracks are

Whatever process asks, in whatever order, patch i is the same.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import interpolate, ndimage, spatial

from tratteggio.detectors._light import OTHERS, PLANES, even_planes
from tratteggio.painting import Region, Scan, Stack
from tratteggio.painting.pixels import COLOURS, Array
from tratteggio.phantom import multimodal
from tratteggio.phantom.craquelure import LEAST, Craquelure
from tratteggio.seeds import require_seed
from tratteggio.training.decoded import Decoded
from tratteggio.training.sources import Source

if TYPE_CHECKING:  # patches are made without torch
    from torch import Tensor

Floats = NDArray[np.float32]

PANEL = 384  # side of a panel, pixels
PANELS = 64
FIRST_SEED = 9000  # of the panels; measuring uses others
VISIBLE = 0.04  # least difference, as a share of the range
PACE, FINER = 2.0, 2  # drawn lines: px between places, and how much finer they are drawn
ROOM = 32  # pixels around a patch by which its evenness is judged, then cut off


class Cracked:
    """Patches of cracked paint, by index 0, 1, ... without end.

    Args:
        source: pictures without cracks that would show at their size; three colours.
        side: of a patch, in pixels.
        seed: another seed, other patches.
        panels: how many phantoms are painted; half of the patches are of them.
    """

    def __init__(self, source: Source, *, side: int, seed: int, panels: int = PANELS) -> None:
        self.source, self.side, self.seed, self.panels = source, side, require_seed(seed), panels
        self.decoded = Decoded(source, mib=512)
        self._painted: dict[int, Mapping[str, NDArray[np.uint8]]] = {}

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        """Return 6 planes of even contrast and where cracks are (7, side, side), and where that is known."""
        rng = np.random.default_rng([self.seed, 11, index])
        stack, cracks, known = self._panel(rng) if rng.random() < 0.5 else self._picture(rng)
        inner = slice(ROOM, ROOM + self.side)
        planes = even_planes(stack)[:, inner, inner]
        truth = np.concatenate([planes, cracks[None, inner, inner].astype(np.float32)])
        return truth, known[None, inner, inner].astype(np.float32)

    @cached_property
    def _across(self) -> int:
        return self.side + 2 * ROOM

    # --- panels --------------------------------------------------------------------------------------

    def _panel(self, rng: Generator) -> tuple[Stack, NDArray[np.bool_], NDArray[np.bool_]]:
        """Cut a place of a panel, turned and mirrored; some of its scans are missing, most often all."""
        number = int(rng.integers(self.panels))
        if number not in self._painted:
            self._painted[number] = painted(FIRST_SEED + number)
        panel = self._painted[number]
        top, left = rng.integers(0, PANEL - self._across + 1, 2)
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))

        def place(of: NDArray[np.uint8]) -> NDArray[np.uint8]:
            turned = np.rot90(of[top : top + self._across, left : left + self._across], turns)
            return turned[:, ::-1] if mirrored else turned

        state = "rgb_before" if rng.random() < 0.4 else "rgb_during"
        scans = [Scan(taken(_three(place(panel[state])), rng))]
        if rng.random() < 0.5:
            scans += [
                Scan(taken(_three(place(panel[name])), rng), modality=name)
                for name in OTHERS
                if rng.random() < 0.8
            ]
        return Stack(tuple(scans)), place(panel["cracks"]) > 0, place(panel["losses"]) == 0

    # --- pictures ------------------------------------------------------------------------------------

    def _picture(self, rng: Generator) -> tuple[Stack, NDArray[np.bool_], NDArray[np.bool_]]:
        """Lay a network over a place of a picture, or over ground of one tone."""
        ground = self._paint(rng) if rng.random() < 0.7 else _plain(self._across, rng)
        if rng.random() < 0.4:
            ground = drawn(ground, rng)
        cover = network(self._across, rng)
        seen = laid(ground, cover, rng)
        # What cannot be seen, a dark crack in black paint, is neither to be found nor to be left out.
        cracks = cover >= LEAST
        known = ~cracks | (np.abs(np.clip(seen, 0, 1) - ground).max(axis=2) > VISIBLE)
        return Stack((Scan(taken(seen, rng)),)), cracks, known

    def _paint(self, rng: Generator) -> Floats:
        """Return a place of a picture, enlarged up to three times as in a scan from near: (n, n, 3)."""
        picture = self.decoded[int(rng.integers(len(self.source)))]
        near = rng.choice([1.0, 1.0, 1.6, 2.4])
        side = min(int(self._across / near), *picture.shape[:2])
        top, left = (int(rng.integers(n - side + 1)) for n in picture.shape[:2])
        cut = np.rot90(picture[top : top + side, left : left + side], int(rng.integers(4)))
        size = (self._across, self._across)
        enlarged = Image.fromarray(np.ascontiguousarray(cut)).resize(size, Image.Resampling.BICUBIC)
        return _three(np.asarray(enlarged))


def without_truth(patches: Tensor) -> Tensor:
    """Return what a net is shown of patches (B, 7, H, W): the planes, without where cracks are."""
    return patches[:, :PLANES]


def painted(seed: int) -> Mapping[str, NDArray[np.uint8]]:
    """Paint and examine a panel: its scans at 8 bits by name, cracks and losses as 0 or 1."""
    rng = np.random.default_rng([seed, 12])
    examination = multimodal(
        PANEL,
        PANEL,
        seed=seed,
        um_per_px=float(np.exp(rng.uniform(np.log(35), np.log(160)))),
        cracks=float(rng.uniform(0.01, 0.07)),
        losses=float(rng.choice([0.0, 0.03])),
        overpaint=float(rng.choice([0.0, 0.06])),
    )
    scans = {scan.modality: scan.read() for scan in examination.stack.scans}
    truth = examination.truth
    return scans | {
        "cracks": truth.cracks.read().astype(np.uint8),
        "losses": truth.losses.read().astype(np.uint8),
    }


# --- networks ------------------------------------------------------------------------------------------


def network(side: int, rng: Generator) -> Floats:
    """Draw cracks: the share of each pixel that they cover, (side, side); now and then none."""
    kind = rng.choice(["panel", "cells", "strays", "none"], p=[0.35, 0.25, 0.3, 0.1])
    if kind == "panel":
        um_per_px = float(np.exp(rng.uniform(np.log(22), np.log(140))))
        spacing_mm = rng.uniform(20, 110) * um_per_px / 1000
        here = Region(0, 0, side, side).shift(*(int(n) for n in rng.integers(0, 4000, 2)))
        return Craquelure(int(rng.integers(1 << 30)), um_per_px, float(spacing_mm)).at(here).cover
    if kind == "cells":
        return cells(side, rng)
    if kind == "strays":
        return strays(side, rng)
    return np.zeros((side, side), np.float32)


def cells(side: int, rng: Generator) -> Floats:
    """Draw the walls between cells about points by chance, bent, some of them closed, of many widths."""
    spacing = np.exp(rng.uniform(np.log(14), np.log(90)))
    count = max(4, int((1.6 * side / spacing) ** 2))
    points = rng.uniform(-0.3 * side, 1.3 * side, (count, 2))
    places = np.moveaxis(np.mgrid[:side, :side], 0, -1).astype(np.float64)
    bend = rng.uniform(0.03, 0.12) * spacing
    places += bend * np.stack([smooth(side, spacing / 5, rng) for _ in range(2)], axis=-1)
    far, near = spatial.cKDTree(points).query(places, k=2)
    one, two = points[near[..., 0]], points[near[..., 1]]
    apart = np.linalg.norm(one - two, axis=-1)
    away = (far[..., 1] ** 2 - far[..., 0] ** 2) / (2 * apart)
    widest = np.exp(rng.uniform(np.log(1.0), np.log(8.0)))
    # Each wall has a width of its own, by its two points.
    wall = np.sort(near, axis=-1).astype(np.uint64) @ np.array([7919, 104729], np.uint64)
    chance = ((wall * np.uint64(2654435761)) >> np.uint64(8)) % np.uint64(1000) / 1000.0
    width = widest * np.clip(1.25 * chance + rng.uniform(-0.2, 0.3), 0, 1)
    width *= 1 + 0.25 * smooth(side, 4.0, rng)
    return _cover(width, away)


def strays(side: int, rng: Generator) -> Floats:
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


# --- lines that are no cracks --------------------------------------------------------------------------


def drawn(paint: Floats, rng: Generator) -> Floats:
    """Draw lines as painters do, contours with a brush or borders along a ruler: (n, n, 3).

    They are smooth, of even width or tapered, of any colour; cracks over them are to be found, they are not.
    """
    side = len(paint)
    seen = paint
    for _ in range(int(rng.integers(1, 4))):
        way = contour(side, rng) if rng.random() < 0.65 else ruled(side, rng)
        widest = np.exp(rng.uniform(np.log(1.2), np.log(9.0)))
        taper = np.sin(np.pi * np.linspace(0, 1, len(way))) ** rng.uniform(0, 0.8)
        dashes = rng.uniform(4, 20) if rng.random() < 0.15 else 0.0
        sheet = Image.new("L", (FINER * side, FINER * side))
        pen = ImageDraw.Draw(sheet)
        parallel = int(rng.integers(1, 4)) if rng.random() < 0.5 else 1
        apart = rng.uniform(2, 6) * widest
        slope = np.gradient(way, axis=0)
        across = slope[:, ::-1] * (1, -1) / (np.linalg.norm(slope, axis=1, keepdims=True) + 1e-9)
        for number in range(parallel):
            beside = way + number * apart * across
            for place, (one, two) in enumerate(pairwise(FINER * beside)):
                if not dashes or (place * PACE) % (2 * dashes) < dashes:
                    wide = max(1, round(FINER * widest * taper[place]))
                    pen.line([one[1], one[0], two[1], two[0]], fill=255, width=wide)
        small = sheet.resize((side, side), Image.Resampling.BOX)
        cover = np.asarray(small, np.float32) / np.float32(255)
        if rng.random() < 0.3:  # a fold, and no line
            cover = ndimage.gaussian_filter(cover, rng.uniform(0.8, 3))
        tint = rng.uniform(0, 0.35, 3) if rng.random() < 0.6 else rng.uniform(0, 1, 3)
        share = (cover * rng.uniform(0.3, 1))[..., None]
        seen = seen * (1 - share) + tint.astype(np.float32) * share
    return np.asarray(seen, np.float32)


def contour(side: int, rng: Generator) -> NDArray[np.float64]:
    """Draw the way of a smooth curve through places by chance, in steps of some two pixels: (n, 2)."""
    marks = rng.uniform(-0.2 * side, 1.2 * side, (int(rng.integers(3, 7)), 2))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(marks, axis=0), axis=1))])
    return np.asarray(interpolate.CubicSpline(length, marks)(np.arange(0, length[-1], PACE)))


def ruled(side: int, rng: Generator) -> NDArray[np.float64]:
    """Draw the way of a straight line across, most often along the picture: (n, 2)."""
    angle = rng.integers(2) * np.pi / 2 + (rng.normal(0, 0.02) if rng.random() < 0.7 else rng.uniform(0, 2))
    steps = np.arange(-side, side, PACE)[:, None]
    return np.asarray(rng.uniform(0, side, 2) + steps * (np.sin(angle), np.cos(angle)))


# --- looks ---------------------------------------------------------------------------------------------


def laid(ground: Floats, cover: Floats, rng: Generator) -> Floats:
    """Lay cracks over paint: dark clefts or bright fillings, with halos at times: (n, n, 3)."""
    side = len(cover)
    dark = rng.random() < 0.78
    tint = rng.uniform(0, 0.25, 3) if dark else rng.uniform(0.75, 1, 3)
    if rng.random() < 0.4:  # a cleft shows the same paint, in shadow
        tint = np.full(3, tint.mean())
    strength = rng.uniform(0.25, 1.0) * np.clip(1 + 0.3 * smooth(side, 10.0, rng), 0.2, 1)
    share = (cover * strength)[..., None].astype(np.float32)
    seen = ground
    if rng.random() < 0.3:
        halo = ndimage.gaussian_filter(cover, rng.uniform(1.5, 4))
        halo = ndimage.shift(halo, rng.uniform(-2, 2, 2), order=1, mode="nearest")
        seen = seen + (rng.uniform(-0.25, 0.35) * np.minimum(halo * 1.5, 1))[..., None]
    return np.asarray(seen * (1 - share) + tint.astype(np.float32) * share, np.float32)


def taken(light: Array, rng: Generator) -> NDArray[np.uint8]:
    """Take a scan of what is there: blur, weave, grain, spots, exposure, noise, compression; at 8 bits."""
    side = light.shape[0]
    if rng.random() < 0.5:
        light = ndimage.gaussian_filter(light, (*[rng.uniform(0.3, 1.2)] * 2, 0), truncate=2.5)
    if rng.random() < 0.2:
        light = light + (rng.uniform(0.01, 0.07) * _weave(side, rng))[..., None]
    if rng.random() < 0.2:
        grain = smooth(side, 1.0, rng, long=rng.uniform(8, 40))
        light = light + (rng.uniform(0.01, 0.06) * (grain if rng.random() < 0.5 else grain.T))[..., None]
    if rng.random() < 0.3:
        light = _spotted(light, rng)
    low, high = rng.uniform(0, 0.35), rng.uniform(0.5, 1)
    light = low + (high - low) * np.clip(light, 0, 1) ** rng.uniform(0.6, 1.6)
    if rng.random() < 0.25:  # light from one side
        light = light * (1 + 0.3 * smooth(side, side / 3, rng))[..., None]
    fine = rng.random() < 0.6
    noise = (
        rng.standard_normal((side, side), np.float32) if fine else smooth(side, rng.uniform(0.5, 1.5), rng)
    )
    light = light + (np.exp(rng.uniform(np.log(0.002), np.log(0.045))) * noise)[..., None]
    levels: NDArray[np.uint8] = np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.35:
        file = io.BytesIO()
        Image.fromarray(levels).save(file, "jpeg", quality=int(rng.integers(55, 96)))
        levels = np.asarray(Image.open(file), np.uint8)
    return levels


def smooth(side: int, across: float, rng: Generator, *, long: float | None = None) -> Floats:
    """Return noise of mean 0 and deviation 1 that changes over so many pixels: (side, side).

    Args:
        side: in pixels.
        across: along a row.
        rng: chance.
        long: along a column; None: as along a row.
    """
    # Wide waves are drawn on a coarser lattice: there they are 2 places wide.
    steps = [max(1.0, wide / 2) for wide in (long or across, across)]
    rows, cols = (int(side / step) + 4 for step in steps)
    wide = [(long or across) / steps[0], across / steps[1]]
    drawn = rng.standard_normal((rows, cols), dtype=np.float32)
    noise = ndimage.gaussian_filter(drawn, wide, mode="wrap", truncate=3)
    if (rows, cols) != (side + 4, side + 4):
        box = (1.0, 1.0, 1.0 + side / steps[1], 1.0 + side / steps[0])
        noise = np.asarray(Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC, box=box))
    noise = noise[:side, :side]
    return np.asarray((noise - noise.mean()) / (noise.std() + 1e-9), np.float32)


def _weave(side: int, rng: Generator) -> NDArray[np.float64]:
    """Return threads over and under each other, between -1 and 1."""
    y, x = np.mgrid[:side, :side] + 1.5 * np.stack([smooth(side, 20.0, rng) for _ in range(2)])
    period = rng.uniform(3, 9)
    return np.asarray(np.sin(2 * np.pi * y / period) * np.sin(2 * np.pi * x / period * rng.uniform(0.9, 1.1)))


def _spotted(light: Array, rng: Generator) -> Floats:
    """Lay round spots over paint, which are no cracks."""
    side = light.shape[0]
    away = np.full((side, side), 99.0)
    for _ in range(int(rng.integers(1, 12))):
        row, col = rng.uniform(0, side, 2)
        near = Region(int(row) - 8, int(col) - 8, int(row) + 9, int(col) + 9).meet(Region(0, 0, side, side))
        y, x = np.mgrid[near.slices]
        here = np.hypot((y - row) * rng.uniform(1, 1.8), x - col) - rng.uniform(0.8, 5)
        np.minimum(away[near.slices], here, out=away[near.slices])
    share = np.clip(0.5 - away, 0, 1)[..., None] * rng.uniform(0.4, 1)
    return (light * (1 - share) + rng.uniform(0, 1) ** 2 * share).astype(np.float32)


def _plain(side: int, rng: Generator) -> Floats:
    """Return ground of one tone with stains: (n, n, 3)."""
    tone = rng.uniform(0.3, 0.9) + rng.normal(0, 0.05, 3)
    stains = rng.uniform(0, 0.1) * smooth(side, np.exp(rng.uniform(np.log(2), np.log(40))), rng)
    grit = rng.uniform(0, 0.08) * smooth(side, rng.uniform(0.6, 2.0), rng)
    return np.clip(tone + (stains + grit)[..., None], 0, 1).astype(np.float32)


def _three(levels: NDArray[np.uint8]) -> Floats:
    """Return a scan of 8 bits as light in three channels, its own or three equal ones."""
    light: Floats = levels.astype(np.float32) / np.float32(255)
    return np.repeat(light[..., None], COLOURS, axis=2) if light.ndim == 2 else light
