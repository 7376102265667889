"""A river landscape with a town, in the manner of the Netherlandish panels: blue far off, brown close by.

Painted from the back to the front: sky, mountains, hills, river, town, trees, the near bank. Places
across are in shares of half the width, so that upright and oblong panels are both filled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tratteggio.degradation.simulation.value_noise import Floats, draw, field, uniform_rows
from tratteggio.phantom.cartoon import Cartoon, Cover, Point, Sheet, disc, lit, spline, stroke
from tratteggio.phantom.paints import CLOUD, DISTANCE, EARTH, FOLIAGE, LINE, MEADOW, SKY, STONE, TILES, Ramp


class _Ridge(NamedTuple):
    """A line of hills, from one edge to the other."""

    height: float  # y of its mean, in units
    swing: float  # how far it rises and falls
    size: float  # length of its waves
    ramp: Ramp
    tone: float
    hatch: float


RIDGES = (
    _Ridge(0.395, 0.075, 0.17, DISTANCE, 0.80, 0.03),
    _Ridge(0.430, 0.055, 0.13, DISTANCE, 0.52, 0.04),
    _Ridge(0.475, 0.040, 0.21, DISTANCE, 0.30, 0.05),
    _Ridge(0.525, 0.045, 0.26, MEADOW, 0.66, 0.06),
    _Ridge(0.610, 0.050, 0.33, MEADOW, 0.52, 0.08),
    _Ridge(0.720, 0.045, 0.30, MEADOW, 0.38, 0.09),
)


def paint_landscape(cartoon: Cartoon, seed: int) -> None:
    """Paint the whole sheet."""
    horizon = draw(seed, "horizon", -0.03, 0.05)
    side = 1 if draw(seed, "great tree") < 0.5 else -1
    _sky(cartoon, seed, 0.5 + horizon)
    for number, ridge in enumerate(RIDGES):
        _hill(cartoon, ridge, horizon, seed, number)
    _river(cartoon, horizon, side, seed)
    _town(cartoon, -side * draw(seed, "town", 0.25, 0.55), 0.605 + horizon, seed)
    _bank(cartoon, side, seed)
    for number in range(3):
        at = (-side * (0.55 + 0.2 * number) * cartoon.sheet.half_width, 0.80 + 0.03 * number)
        _tree(cartoon, at, draw(seed, f"tree {number}", 0.13, 0.19), seed + 7 * number)
    _tree(
        cartoon,
        (side * 0.66 * cartoon.sheet.half_width, 0.93),
        draw(seed, "great", 0.50, 0.60),
        seed + 101,
    )


def _everywhere(sheet: Sheet, share: Floats | None = None) -> Cover:
    whole = np.ones((sheet.rows, sheet.cols), np.float32) if share is None else share
    return Cover((slice(0, sheet.rows), slice(0, sheet.cols)), whole)


def _stretched(sheet: Sheet, tall: float, wide: float, *seed: int) -> Floats:
    """Return smooth random values with lumps of two sizes, down and across, in units."""
    return field(sheet.y[:, 0].astype(np.float64) / tall, sheet.x[0].astype(np.float64) / wide, *seed)


def _sky(cartoon: Cartoon, seed: int, horizon: float) -> None:
    """Blue above, warm at the horizon; clouds with lit upper edges, flatter towards the horizon."""
    sheet = cartoon.sheet
    down = (sheet.y - np.float32(sheet.top)) / np.float32(horizon - sheet.top)
    tone = np.clip(down, 0, 1) + _stretched(sheet, 0.05, 0.3, seed, 201) * np.float32(0.05)
    cartoon.lay(_everywhere(sheet), SKY, tone, hatch=0.05)
    mass = _stretched(sheet, 0.085, 0.20, seed, 202) + _stretched(
        sheet, 0.035, 0.075, seed, 203
    ) * np.float32(0.55)
    mass += _stretched(sheet, 0.014, 0.026, seed, 204) * np.float32(0.25)
    share = np.clip((mass - np.float32(draw(seed, "clear", 0.05, 0.35))) * np.float32(3.2), 0, 1)
    share *= np.clip((np.float32(horizon) - sheet.y) * np.float32(9), 0, 1) * np.float32(0.9)
    light = np.float32(0.62) + lit(mass * np.float32(0.02), sheet) * np.float32(0.55)
    cartoon.lay(_everywhere(sheet, share.astype(np.float32)), CLOUD, light, hatch=0.07)


def _skyline(sheet: Sheet, ridge: _Ridge, shift: float, seed: int, number: int) -> list[Point]:
    x = np.linspace(-sheet.half_width, sheet.half_width, 160)
    rough = 0.35 if ridge.ramp is DISTANCE else 0.12
    waves = field(np.array([0.5 + number]), x / ridge.size + 40.0, seed, 210)[0]
    waves = waves + rough * field(np.array([0.5 + number]), x / (ridge.size * 0.22) + 40.0, seed, 211)[0]
    return [(float(a), ridge.height + shift - ridge.swing * float(b)) for a, b in zip(x, waves, strict=True)]


def _hill(cartoon: Cartoon, ridge: _Ridge, shift: float, seed: int, number: int) -> None:
    """Lay a hill, light on its crest and on the slopes that face the light; hedges on the nearer ones."""
    sheet = cartoon.sheet
    line = _skyline(sheet, ridge, shift, seed, number)
    shape = [*line, (sheet.half_width, 1.05), (-sheet.half_width, 1.05)]
    relief = sheet.cloud(ridge.size * 0.35, seed, 220 + number) * np.float32(0.02)
    crest = np.interp(sheet.x[0], [p[0] for p in line], [p[1] for p in line]).astype(np.float32)
    below = np.clip((sheet.y - crest) / np.float32(0.16), 0, 1)
    tone = np.float32(ridge.tone + 0.10) - below * np.float32(0.20)
    tone = (
        tone
        + lit(relief, sheet) * np.float32(0.55)
        + sheet.cloud(0.02, seed, 230 + number) * np.float32(0.04)
    )
    cartoon.lay(sheet.fill(shape), ridge.ramp, tone, hatch=ridge.hatch)
    if ridge.ramp is MEADOW:
        _hedges(cartoon, crest, seed, number)


def _hedges(cartoon: Cartoon, crest: Floats, seed: int, number: int) -> None:
    """Rows of bushes that follow the land, each a dark blot with a light one on its upper left."""
    sheet, size = cartoon.sheet, 0.006 + 0.004 * (number - 3)
    dark, light = [], []
    for row in range(3):
        drop = 0.012 + 0.028 * row
        count = int(draw(seed, f"bushes {number} {row}", 14, 30))
        for a, b, c in uniform_rows(count, 3, seed, number, row):
            x = (2 * a - 1) * sheet.half_width
            col = int(np.clip((x + sheet.half_width) * sheet.scale, 0, sheet.cols - 1))
            y = float(crest[col]) + drop + 0.006 * b
            r = size * (0.6 + 0.8 * c)
            dark.append(disc((x, y), r, corners=9))
            light.append(disc((x - 0.3 * r, y - 0.35 * r), 0.55 * r, corners=7))
    cartoon.lay(sheet.draw(dark), FOLIAGE, 0.30, hatch=0.1)
    cartoon.lay(sheet.draw(light), FOLIAGE, 0.62, hatch=0.1)


def _river(cartoon: Cartoon, shift: float, side: int, seed: int) -> None:
    """A river that winds towards us, wider the nearer it comes; it mirrors the sky."""
    sheet = cartoon.sheet
    y = np.linspace(0.50 + shift, 0.98, 10)
    near = (y - y[0]) / (y[-1] - y[0])
    swing = (
        draw(seed, "swing", 0.18, 0.34)
        * np.sin(near * draw(seed, "turns", 5.0, 7.5) + 0.6)
        * (1 - 0.5 * near)
    )
    middle = (side * (0.1 - 0.45 * near) + swing) * sheet.half_width
    half = 0.004 + 0.095 * near**1.6
    left = [(float(a - w), float(b)) for a, w, b in zip(middle, half, y, strict=True)]
    right = [(float(a + w), float(b)) for a, w, b in zip(middle, half, y, strict=True)]
    shape = [*spline(left, closed=False), *spline(right, closed=False)[::-1]]
    cartoon.lay(sheet.fill(stroke(spline(right, closed=False), 0.012, ends=(0.2, 1))), EARTH, 0.35)
    ripples = _stretched(sheet, 0.005, 0.07, seed, 240)
    tone = np.float32(0.90) - (sheet.y - np.float32(y[0])) * np.float32(1.3) + ripples * np.float32(0.10)
    cartoon.lay(sheet.fill(shape), SKY, tone, hatch=0.03)


def _town(cartoon: Cartoon, across: float, ground: float, seed: int) -> None:
    """Houses and a tower: lit walls, shaded gables, red roofs, dark windows."""
    sheet, x = cartoon.sheet, across * cartoon.sheet.half_width - 0.08
    for k in range(7):
        wide = draw(seed, f"wide {k}", 0.016, 0.032)
        tall = draw(seed, f"tall {k}", 0.018, 0.036)
        y = ground + draw(seed, f"down {k}", -0.008, 0.012)
        _house(cartoon, (x, y), wide, tall)
        x += wide * draw(seed, f"step {k}", 0.75, 1.15)
        if k == 2:
            _tower(cartoon, (x, ground), draw(seed, "tower", 0.085, 0.125))
    cartoon.lay(
        sheet.fill(stroke([(x - 0.22, ground + 0.012), (x + 0.03, ground + 0.014)], 0.012)), FOLIAGE, 0.3
    )


def _house(cartoon: Cartoon, at: Point, wide: float, tall: float) -> None:
    sheet, (x, y) = cartoon.sheet, at
    gable = x + 0.62 * wide
    roof = 0.6 * tall
    cartoon.lay(sheet.fill([(x, y), (x, y - tall), (gable, y - tall), (gable, y)]), STONE, 0.85)
    side = [
        (gable, y),
        (gable, y - tall),
        (x + 0.81 * wide, y - tall - roof),
        (x + wide, y - tall),
        (x + wide, y),
    ]
    cartoon.lay(sheet.fill(side), STONE, 0.30)
    slope = [
        (x - 0.04 * wide, y - tall),
        (x + 0.19 * wide, y - tall - roof),
        (x + 0.81 * wide, y - tall - roof),
    ]
    cartoon.lay(sheet.fill([*slope, (gable, y - tall)]), TILES, 0.62)
    panes = [
        [(a, b), (a, b - 0.22 * tall), (a + 0.1 * wide, b - 0.22 * tall), (a + 0.1 * wide, b)]
        for a in (x + 0.12 * wide, x + 0.38 * wide)
        for b in (y - 0.5 * tall,)
    ]
    cartoon.lay(sheet.draw(panes), LINE, 0.3)


def _tower(cartoon: Cartoon, at: Point, tall: float) -> None:
    sheet, (x, y) = cartoon.sheet, at
    half = 0.011
    cartoon.lay(
        sheet.fill([(x - half, y), (x - half, y - tall), (x + half, y - tall), (x + half, y)]), STONE, 0.9
    )
    cartoon.lay(
        sheet.fill([(x + 0.2 * half, y), (x + 0.2 * half, y - tall), (x + half, y - tall), (x + half, y)]),
        STONE,
        0.3,
    )
    cartoon.lay(
        sheet.fill([(x - 1.2 * half, y - tall), (x, y - 1.55 * tall), (x + 1.2 * half, y - tall)]),
        TILES,
        0.35,
    )
    slits = [
        [(x - 0.5 * half, b), (x - 0.5 * half, b - 0.01), (x - 0.2 * half, b - 0.01), (x - 0.2 * half, b)]
        for b in (y - 0.8 * tall, y - 0.4 * tall)
    ]
    cartoon.lay(sheet.draw(slits), LINE, 0.2)


def _bank(cartoon: Cartoon, side: int, seed: int) -> None:
    """The near bank: brown earth with a path, tufts of grass along its upper edge."""
    sheet, half = cartoon.sheet, cartoon.sheet.half_width
    across = np.linspace(-1, 1, 40)
    rise = (
        0.90
        - 0.10 * np.clip(side * across, -0.6, 1)
        + 0.02 * field(np.array([0.5]), across * 3 + 9, seed, 250)[0]
    )
    edge = [(float(a) * half, float(b)) for a, b in zip(across, rise, strict=True)]
    relief = sheet.cloud(0.07, seed, 251) * np.float32(0.012) + sheet.cloud(0.02, seed, 252) * np.float32(
        0.004
    )
    tone = (
        np.float32(0.42)
        + lit(relief, sheet) * np.float32(0.7)
        - (sheet.y - np.float32(0.9)) * np.float32(1.2)
    )
    cartoon.lay(sheet.fill([*edge, (half, 1.05), (-half, 1.05)]), EARTH, tone, hatch=0.10)
    bends = [
        (side * 0.05 * half, 1.06),
        (side * 0.22 * half, 0.97),
        (side * 0.10 * half, 0.915),
        (side * 0.3 * half, 0.865),
    ]
    cartoon.lay(sheet.fill(stroke(bends, 0.07, ends=(1.4, 0.15))), EARTH, tone + np.float32(0.3), hatch=0.08)
    for tone_of, number in ((0.25, 0), (0.55, 1)):
        blades = []
        for a, b, c, d in uniform_rows(420, 4, seed, 260 + number):
            x = (2 * a - 1) * half
            y = float(np.interp(x, [p[0] for p in edge], [p[1] for p in edge])) + b * b * 0.12
            tip = (x + (c - 0.5) * 0.02, y - 0.010 - 0.018 * d)
            blades.append(stroke([(x, y), tip], 0.0026, ends=(1, 0.1)))
        cartoon.lay(sheet.draw(blades), FOLIAGE, tone_of, hatch=0.1)


def _tree(cartoon: Cartoon, root: Point, tall: float, seed: int) -> None:
    """A tree: a bent trunk that forks, and a crown of leaf clusters, dark ones first, lit ones last."""
    sheet, (x, y) = cartoon.sheet, root
    lean = draw(seed, "lean", -0.08, 0.08) * tall
    top = (x + lean, y - 0.62 * tall)
    trunk = [(x, y), (x + 0.3 * lean, y - 0.3 * tall), top]
    cartoon.lay(sheet.fill(stroke(trunk, 0.065 * tall, ends=(1.3, 0.4))), EARTH, 0.16, hatch=0.12)
    light = [(a - 0.012 * tall, b) for a, b in trunk]
    cartoon.lay(sheet.fill(stroke(light, 0.018 * tall)), EARTH, 0.55, hatch=0.12)
    centres = []
    for k in range(9):
        turn, far = draw(seed, f"turn {k}", 0, 2 * np.pi), draw(seed, f"far {k}", 0.05, 0.24) * tall
        centres.append(
            (top[0] + far * float(np.cos(turn)), top[1] - 0.04 * tall + 0.75 * far * float(np.sin(turn)))
        )
        cartoon.lay(
            sheet.fill(stroke([trunk[1], top, centres[-1]], 0.014 * tall, ends=(1, 0.2))), EARTH, 0.12
        )
    for tone, shift, part, stream in (
        (0.08, 0.0, 1.0, 1),
        (0.28, -0.02, 0.85, 2),
        (0.52, -0.045, 0.6, 3),
        (0.78, -0.06, 0.3, 4),
    ):
        leaves = []
        for number, (cx, cy) in enumerate(centres):
            for a, b, c in uniform_rows(int(70 * part), 3, seed, stream, number):
                r = 0.13 * tall * float(np.sqrt(a)) * (0.6 + 0.4 * part)
                at = (
                    cx + r * float(np.cos(2 * np.pi * b)) + shift * tall,
                    cy + 0.8 * r * float(np.sin(2 * np.pi * b)) + shift * tall,
                )
                leaves.append(disc(at, (0.008 + 0.012 * c) * tall * (0.5 + 0.5 * part), corners=7))
        cartoon.lay(sheet.draw(leaves), FOLIAGE, tone, hatch=0.12)
