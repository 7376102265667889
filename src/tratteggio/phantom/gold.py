"""The gold ground: leaf over red bole, a tooled halo, a border."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats, draw, uniform
from tratteggio.phantom.cartoon import Cartoon, Cover, Point, Sheet, disc, lit, stroke
from tratteggio.phantom.face import Pose
from tratteggio.phantom.paints import BOLE, GOLD

BORDER = 0.060  # width of the border, in units
LEAF = 0.165  # side of a leaf, in units


def paint_ground(cartoon: Cartoon, seed: int) -> None:
    """Lay the gold, tool it, and rub it a little so that the bole shows."""
    sheet = cartoon.sheet
    box = (slice(0, sheet.rows), slice(0, sheet.cols))
    tone = _leaves(sheet, seed) + _tooling(sheet, seed)
    cartoon.lay(Cover(box, np.ones(tone.shape, np.float32)), GOLD, tone, hatch=0.0, gold=1.0)
    worn = sheet.cloud(0.15, seed, 3) + sheet.cloud(0.043, seed, 4) * np.float32(0.6)
    worn += sheet.cloud(0.011, seed, 5) * np.float32(0.5)
    rubbed = np.clip((worn - np.float32(0.42)) * np.float32(0.75), 0, 0.5)
    cartoon.lay(Cover(box, rubbed), BOLE, tone - np.float32(0.05), hatch=0.04, gold=0.6)


def frame(cartoon: Cartoon, bordered: Cartoon) -> None:
    """Put the border back where the figure ran over it; the figure ends at its inner line."""
    sheet = cartoon.sheet
    inset = BORDER + 0.002
    outside = np.maximum(
        np.abs(sheet.x) - sheet.half_width, np.maximum(sheet.top - sheet.y, sheet.y - 1)
    ) + np.float32(inset)
    share = np.clip(outside * np.float32(sheet.scale) + np.float32(0.5), 0, 1)
    cartoon.mix(bordered, share)


def _leaves(sheet: Sheet, seed: int) -> Floats:
    """Tone of the leaf: squares laid with small overlaps, burnished unevenly, brightest at the upper left."""
    wobble_x, wobble_y = sheet.cloud(0.1, seed, 6), sheet.cloud(0.1, seed, 7)
    x = sheet.x / np.float32(LEAF) + wobble_x * np.float32(0.03) + np.float32(draw(seed, "leaf-x"))
    y = sheet.y / np.float32(LEAF) + wobble_y * np.float32(0.03) + np.float32(draw(seed, "leaf-y"))
    row, col = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    beside = np.minimum(np.abs(x - col - np.float32(0.04)), np.abs(y - row - np.float32(0.04)))
    glow = -sheet.x * np.float32(0.08) - (sheet.y - np.float32(0.4)) * np.float32(0.07)
    tone = np.float32(0.55) + (uniform(row, col, seed, 8) - np.float32(0.5)) * np.float32(0.10) + glow
    tone += np.exp(-beside * np.float32(45)) * np.float32(0.06)
    tone += sheet.cloud(0.2, seed, 9) * np.float32(0.05) + sheet.cloud(0.02, seed, 10) * np.float32(0.035)
    return tone


def _tooling(sheet: Sheet, seed: int) -> Floats:
    """Light on what is pressed into the gold: rings and punches of the halo and of the border."""
    pose = Pose.from_seed(seed)
    centre = (pose.at[0], pose.at[1] - 0.025)
    radius = draw(seed, "halo", 0.205, 0.225)
    depth = np.zeros((sheet.rows, sheet.cols), np.float32)
    marks = _halo(centre, radius, seed) + _border(sheet, seed)
    for polygons, press in marks:
        if polygons:
            cover = sheet.draw(polygons)
            depth[cover.box] += cover.share * np.float32(press)
    soft = ndimage.gaussian_filter(depth, max(0.0011 * sheet.scale, 0.4))
    tone: Floats = np.float32(0.68) * lit(-soft * np.float32(0.0038), sheet) - soft * np.float32(0.13)
    return tone


def _ring(centre: Point, radius: float, width: float) -> list[Point]:
    around = [
        (centre[0] + radius * float(np.cos(a)), centre[1] + radius * float(np.sin(a)))
        for a in np.linspace(0, 2 * np.pi, 40)
    ]
    return stroke(around, width, ends=(1, 1))


def _halo(centre: Point, radius: float, seed: int) -> list[tuple[list[list[Point]], float]]:
    """Rings, two rows of punches, and rosettes between them."""

    def around(r: float, size: float, count: int, turn: float = 0.0, corners: int = 14) -> list[list[Point]]:
        return [
            disc((centre[0] + r * float(np.cos(a)), centre[1] + r * float(np.sin(a))), size, corners=corners)
            for a in np.linspace(0, 2 * np.pi, count, endpoint=False) + turn
        ]

    rings = [_ring(centre, radius * k, 0.0022) for k in (1.0, 0.955, 0.79, 0.745)]
    count = 22 + 2 * int(draw(seed, "rosettes", 0, 5))
    middle = radius * 0.872
    rosettes = around(middle, 0.0062, count)
    petals = []
    for k in range(6):
        for a in np.linspace(0, 2 * np.pi, count, endpoint=False):
            cx, cy = centre[0] + middle * float(np.cos(a)), centre[1] + middle * float(np.sin(a))
            b = a + k * np.pi / 3
            petals.append(
                disc((cx + 0.0105 * float(np.cos(b)), cy + 0.0105 * float(np.sin(b))), 0.0031, corners=10)
            )
    between = (
        around(middle + 0.008, 0.0026, count, np.pi / count)
        + around(middle - 0.008, 0.0026, count, np.pi / count)
        + around(middle, 0.0034, count, np.pi / count)
    )
    dots = (
        around(radius * 0.978, 0.0028, 110)
        + around(radius * 0.767, 0.0026, 92)
        + around(radius * 1.035, 0.0034, 64)
    )
    return [(rings, 0.8), (rosettes, 1.0), (petals, 0.9), (between, 0.9), (dots, 0.9)]


def _border(sheet: Sheet, seed: int) -> list[tuple[list[list[Point]], float]]:
    """Two incised lines with quatrefoils and dots between them, along all four sides."""
    half, top = sheet.half_width, sheet.top
    lines: list[list[Point]] = []
    for inset in (0.022, BORDER):
        a, b, c, d = -half + inset, half - inset, top + inset, 1 - inset
        corners = [(a, c), (b, c), (b, d), (a, d), (a, c)]
        lines += [stroke([p, q], 0.0024, ends=(1, 1)) for p, q in pairwise(corners)]
    punches: list[list[Point]] = []
    size, pitch = draw(seed, "foil", 0.0048, 0.006), draw(seed, "pitch", 0.036, 0.046)
    for x, y in _along(sheet, 0.041, pitch, start=0.0):
        leaves = ((x + size, y), (x - size, y), (x, y + size), (x, y - size))
        punches += [disc(leaf, size * 0.8, corners=12) for leaf in leaves]
    punches += [disc(at, 0.0032, corners=12) for at in _along(sheet, 0.041, pitch, start=0.5)]
    return [(lines, 0.9), (punches, 0.9)]


def _along(sheet: Sheet, inset: float, pitch: float, *, start: float) -> list[Point]:
    """Return evenly spaced places `inset` within the edges; `start` 0 begins at the corners."""
    left, top = -sheet.half_width + inset, sheet.top + inset
    wide, tall = -2 * left, 1 - inset - top
    if wide <= 0 or tall <= 0 or pitch * sheet.scale < 3:  # no room, or too fine to be seen
        return []
    across = [
        float(s) for s in (np.arange(max(1, round(wide / pitch))) + start) / max(1, round(wide / pitch))
    ]
    down = [float(s) for s in (np.arange(max(1, round(tall / pitch))) + start) / max(1, round(tall / pitch))]
    return [
        *((left + s * wide, top) for s in across),
        *((left + wide, top + s * tall) for s in down),
        *((left + wide - s * wide, top + tall) for s in across),
        *((left, top + tall - s * tall) for s in down),
    ]
