"""A still life: fruit, a jug and a glass of pewter on a linen cloth, before a dark wall.

Light comes from the upper left. Everything round is a ball or a turned vessel whose form turns the
light into tone; each throws its shadow to the lower right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats, draw
from tratteggio.phantom.cartoon import Cartoon, Cover, Point, disc, lit, spline, stroke
from tratteggio.phantom.paints import DARKNESS, EARTH, FOLIAGE, FRUITS, LINE, LINEN, PEWTER, Ramp

TABLE = 0.62  # y of the back edge of the table, in units
# Half the width of a vessel, as a share of its height, from its foot (0) to its lip (1).
JUG = (
    (0.0, 0.20),
    (0.04, 0.22),
    (0.10, 0.17),
    (0.30, 0.31),
    (0.48, 0.33),
    (0.66, 0.22),
    (0.80, 0.12),
    (0.94, 0.13),
    (1.0, 0.17),
)
CUP = (
    (0.0, 0.26),
    (0.05, 0.27),
    (0.09, 0.07),
    (0.34, 0.05),
    (0.42, 0.10),
    (0.56, 0.25),
    (0.80, 0.30),
    (1.0, 0.33),
)


def paint_still_life(cartoon: Cartoon, seed: int) -> None:
    """Paint the whole sheet."""
    sheet = cartoon.sheet
    side = 1 if draw(seed, "jug side") < 0.5 else -1
    _wall(cartoon, seed)
    _table(cartoon, seed)
    _cloth(cartoon, side, seed)
    half = sheet.half_width
    _vessel(
        cartoon,
        (side * draw(seed, "jug at", 0.34, 0.46) * half, 0.745),
        draw(seed, "jug", 0.40, 0.47),
        JUG,
        handle=side,
    )
    _vessel(
        cartoon,
        (-side * draw(seed, "cup at", 0.48, 0.62) * half, 0.725),
        draw(seed, "cup", 0.22, 0.27),
        CUP,
        handle=0,
    )
    _fruit(cartoon, side, seed)
    _grapes(cartoon, (-side * 0.30 * half, 0.80), seed)


def _wall(cartoon: Cartoon, seed: int) -> None:
    """A dark wall, lighter to the right, where the light falls on it."""
    sheet = cartoon.sheet
    whole = Cover((slice(0, sheet.rows), slice(0, sheet.cols)), np.ones((sheet.rows, sheet.cols), np.float32))
    tone = (
        np.float32(0.34)
        + sheet.x / np.float32(sheet.half_width) * np.float32(0.16)
        + sheet.y * np.float32(0.14)
    )
    tone = (
        tone
        + sheet.cloud(0.16, seed, 301) * np.float32(0.10)
        + sheet.cloud(0.04, seed, 302) * np.float32(0.04)
    )
    cartoon.lay(whole, DARKNESS, tone, hatch=0.14)


def _table(cartoon: Cartoon, seed: int) -> None:
    """A table of boards, seen from above its front edge."""
    sheet, half = cartoon.sheet, cartoon.sheet.half_width
    grain = sheet.cloud(0.3, seed, 303) * np.float32(0.06)
    tone = np.float32(0.40) + grain + (sheet.y - np.float32(TABLE)) * np.float32(0.4)
    cartoon.lay(
        sheet.fill([(-half, TABLE), (half, TABLE), (half, 0.90), (-half, 0.90)]), EARTH, tone, hatch=0.12
    )
    cartoon.lay(
        sheet.fill([(-half, 0.895), (half, 0.895), (half, 1.05), (-half, 1.05)]), EARTH, 0.12, hatch=0.10
    )
    boards = [stroke([(-half, y), (half, y)], 0.003, ends=(1, 1)) for y in (0.68, 0.77)]
    cartoon.lay(sheet.draw(boards), LINE, 0.2)
    cartoon.lay(sheet.fill(stroke([(-half, 0.893), (half, 0.893)], 0.006, ends=(1, 1))), EARTH, 0.72)


def _cloth(cartoon: Cartoon, side: int, seed: int) -> None:
    """A linen cloth that falls over the front edge in folds."""
    sheet, half = cartoon.sheet, cartoon.sheet.half_width
    inner = draw(seed, "cloth", -0.25, 0.0)
    edge = [
        (0.98, 0.665),
        (0.5, 0.655),
        (inner, 0.685),
        (inner - 0.10, 0.80),
        (inner - 0.06, 0.90),
        (inner + 0.02, 1.0),
        (inner + 0.06, 1.06),
        (1.05, 1.06),
    ]
    shape = spline([(side * -a * half, b) for a, b in edge])
    height = np.zeros((sheet.rows, sheet.cols), np.float32)
    for k in range(11):
        at = side * -(inner + 0.1 * k + draw(seed, f"fold {k}", -0.03, 0.03)) * half
        lean = draw(seed, f"lean {k}", -0.04, 0.04)
        line = [(at + lean * 1.5, 0.66), (at + lean, 0.80), (at, 0.89), (at - lean, 1.05)]
        cover = sheet.fill(stroke(line, draw(seed, f"wide {k}", 0.012, 0.03), ends=(0.2, 1.2)))
        np.maximum(height[cover.box], cover.share, out=height[cover.box])
    soft = ndimage.gaussian_filter(height, 0.010 * sheet.scale, truncate=3) * np.float32(0.022)
    hangs = np.clip((sheet.y - np.float32(0.885)) * np.float32(60), 0, 1)
    tone = (
        np.float32(0.80)
        - hangs * np.float32(0.22)
        + lit(soft, sheet) * (np.float32(0.25) + hangs * np.float32(0.35))
    )
    tone = tone + sheet.cloud(0.07, seed, 305) * np.float32(0.05)
    cartoon.lay(sheet.fill(shape), LINEN, tone, hatch=0.06)


def _shadow(cartoon: Cartoon, at: Point, wide: float) -> None:
    """A soft shadow on the table, to the lower right."""
    sheet = cartoon.sheet
    box = sheet.box((at[0] - 1.2 * wide, at[1] - wide), (at[0] + 2.2 * wide, at[1] + wide))
    dx = (sheet.x[:, box[1]] - np.float32(at[0] + 0.45 * wide)) / np.float32(1.35 * wide)
    dy = (sheet.y[box[0]] - np.float32(at[1])) / np.float32(0.34 * wide)
    share = np.clip((np.float32(1) - dx * dx - dy * dy) * np.float32(1.6), 0, 0.72)
    cartoon.lay(Cover(box, share.astype(np.float32)), DARKNESS, 0.2)


def _ball(cartoon: Cartoon, at: Point, radius: float, ramp: Ramp, *, wear: Floats | None = None) -> None:
    """A ball: light at the upper left, a spot of shine, reflected light at its lower rim."""
    sheet = cartoon.sheet
    cover = sheet.fill(disc(at, radius, corners=48))
    if not cover.share.size:
        return
    u = (sheet.x[:, cover.box[1]] - np.float32(at[0])) / np.float32(radius)
    v = (sheet.y[cover.box[0]] - np.float32(at[1])) / np.float32(radius)
    out = np.sqrt(np.maximum(np.float32(1) - u * u - v * v, 0))
    facing = np.clip(np.float32(-0.52) * u - np.float32(0.58) * v + np.float32(0.62) * out, 0, 1)
    back = np.clip(np.float32(0.6) * u + np.float32(0.7) * v - np.float32(0.55), 0, 1) * np.float32(0.45)
    shine = np.float32(0.30) * np.exp(-(((u + 0.36) ** 2 + (v + 0.40) ** 2) / 0.018))
    tone = np.zeros((sheet.rows, sheet.cols), np.float32)
    tone[cover.box] = np.float32(0.10) + np.float32(0.66) * facing + back + shine
    if wear is not None:
        tone += wear
    cartoon.lay(cover, ramp, tone, hatch=0.06)


def _vessel(cartoon: Cartoon, foot: Point, tall: float, profile: Sequence[Point], *, handle: int) -> None:
    """A turned vessel of pewter: bands of light and dark along it, an open lip."""
    sheet, (x, y) = cartoon.sheet, foot
    _shadow(cartoon, (x, y), 0.30 * tall)
    if handle:
        bow = [(0.12, 0.88), (0.30, 0.92), (0.44, 0.72), (0.38, 0.48), (0.30, 0.36)]
        line = [(x + handle * a * tall, y - b * tall) for a, b in bow]
        cartoon.lay(sheet.fill(stroke(line, 0.060 * tall, ends=(0.8, 0.8))), PEWTER, 0.26)
        cartoon.lay(sheet.fill(stroke([(a - 0.008 * tall, b) for a, b in line], 0.016 * tall)), PEWTER, 0.8)
    right = spline([(half * tall, -up * tall) for up, half in profile], closed=False)
    outline = [(x + a, y + b) for a, b in right] + [(x - a, y + b) for a, b in right[::-1]]
    cover = sheet.fill(outline)
    if cover.share.size:
        up = (np.float32(y) - sheet.y[cover.box[0]]) / np.float32(tall)
        half = np.interp(up[:, 0], [-b / tall for _, b in right], [a for a, _ in right]).astype(np.float32)
        u = (sheet.x[:, cover.box[1]] - np.float32(x)) / np.maximum(half[:, None], np.float32(0.004))
        swell = np.gradient(half) * np.float32(sheet.scale) if len(half) > 1 else np.zeros_like(half)
        tone = np.zeros((sheet.rows, sheet.cols), np.float32)
        bands = np.float32(0.55) * np.exp(-(((u + 0.42) / 0.16) ** 2)) + np.float32(0.22) * np.exp(
            -(((u - 0.72) / 0.14) ** 2)
        )
        tone[cover.box] = (
            np.float32(0.24)
            + bands
            - np.float32(0.16) * np.exp(-(((u - 0.25) / 0.3) ** 2))
            + (swell * np.float32(0.10))[:, None]
        )
        cartoon.lay(cover, PEWTER, tone, hatch=0.05)
    lip = [
        (x + profile[-1][1] * tall * float(np.cos(a)), y - tall + 0.045 * tall * float(np.sin(a)))
        for a in np.linspace(0, 2 * np.pi, 40)
    ]
    cartoon.lay(sheet.fill(lip), PEWTER, 0.12)
    cartoon.lay(sheet.fill(stroke(lip, 0.010 * tall, ends=(1, 1))), PEWTER, 0.75)


def _fruit(cartoon: Cartoon, side: int, seed: int) -> None:
    """A heap of fruit on the cloth, the farther ones first."""
    half = cartoon.sheet.half_width
    heap = []
    for k in range(8):
        radius = draw(seed, f"round {k}", 0.042, 0.064)
        across = -side * draw(seed, f"across {k}", -0.34, 0.52) * half
        heap.append(
            (
                draw(seed, f"deep {k}", 0.755, 0.860),
                across,
                radius,
                int(draw(seed, f"kind {k}", 0, len(FRUITS))),
            )
        )
    for number, (y, x, radius, kind) in enumerate(sorted(heap)):
        _shadow(cartoon, (x, y + 0.2 * radius), radius)
        spots = cartoon.sheet.cloud(0.02, seed, 310 + number) * np.float32(0.05)
        _ball(cartoon, (x, y - 0.75 * radius), radius, FRUITS[kind], wear=spots)
        stalk = [
            (x + 0.1 * radius, y - 1.45 * radius),
            (x + 0.2 * radius, y - 1.8 * radius),
            (x + 0.5 * radius, y - 2.0 * radius),
        ]
        cartoon.lay(cartoon.sheet.fill(stroke(stalk, 0.10 * radius, ends=(1, 0.6))), EARTH, 0.2)
        if number % 3 == 0:
            _leaf(cartoon, stalk[1], radius, 1 if number % 2 else -1)


def _leaf(cartoon: Cartoon, at: Point, size: float, way: int) -> None:
    x, y = at
    line = [(x, y), (x + way * 0.8 * size, y - 0.35 * size), (x + way * 1.7 * size, y + 0.1 * size)]
    cartoon.lay(cartoon.sheet.fill(stroke(line, 0.55 * size, ends=(0.1, 0.05))), FOLIAGE, 0.42, hatch=0.1)
    cartoon.lay(
        cartoon.sheet.fill(stroke([(a, b - 0.03 * size) for a, b in line], 0.05 * size)), FOLIAGE, 0.8
    )


def _grapes(cartoon: Cartoon, at: Point, seed: int) -> None:
    """A bunch of grapes, widest at its stalk."""
    ramp = FRUITS[3] if draw(seed, "grapes") < 0.6 else FRUITS[4]
    _shadow(cartoon, (at[0], at[1] + 0.03), 0.09)
    for k in range(34):
        along, across = draw(seed, f"along {k}", 0, 1), draw(seed, f"beside {k}", -1, 1)
        place = (at[0] + across * 0.055 * (1 - 0.6 * along) + 0.05 * along, at[1] - 0.05 + 0.105 * along)
        _ball(cartoon, place, draw(seed, f"grape {k}", 0.0125, 0.0165), ramp)
    stalk = [(at[0] - 0.01, at[1] - 0.05), (at[0] - 0.02, at[1] - 0.085), (at[0] - 0.05, at[1] - 0.10)]
    cartoon.lay(cartoon.sheet.fill(stroke(stalk, 0.005, ends=(1, 0.8))), EARTH, 0.3)
