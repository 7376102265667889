"""The cartoon: the whole composition at modest size, from which a panel of any size is painted.

Painters prepared a panel with a full-size drawing, the cartoon; here it is a small one, at most
`LONGEST` pixels along a side. It is made once per panel and holds what depends on the composition
(colour, modelling, gold). What depends on physical size (brush, leaf, grain, cracks) is added later,
pixel by pixel, in micrometres.

Lengths are in units of the figure: 1 unit is the height of a 3:4 panel; x = 0 is the middle of the
panel, y = 0 its top and y = 1 its bottom if the panel is no taller than 3:4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tratteggio.degradation.simulation.value_noise import Floats, field
from tratteggio.phantom.paints import Ramp
from tratteggio.phantom.pigments import TRAITS

LONGEST = 1280  # pixels; a panel of 20,000 pixels is then painted 16 times as large as its cartoon
LAID = ("colour", "hatch", "gold", "matter")  # the maps of a cartoon
_SUPER = 3  # shapes are drawn so many times larger, then averaged down: soft edges

Point = tuple[float, float]  # (x, y)
Box = tuple[slice, slice]


@dataclass(frozen=True)
class Sheet:
    """The pixel grid of a cartoon, with the coordinates of the composition on it.

    Attributes:
        rows, cols: size in pixels.
        scale: pixels per unit.
    """

    rows: int
    cols: int
    scale: float

    @classmethod
    def of(cls, rows: int, cols: int) -> Sheet:
        """Return the sheet for a panel of rows x cols pixels."""
        shrink = min(1.0, LONGEST / max(rows, cols))
        h, w = max(1, round(rows * shrink)), max(1, round(cols * shrink))
        return cls(h, w, min(h, w * 4 / 3))

    @property
    def half_width(self) -> float:
        """x of the right edge, in units."""
        return self.cols / self.scale / 2

    @property
    def top(self) -> float:
        """y of the upper edge, in units; below 0 if the panel is taller than 3:4."""
        return 1 - self.rows / self.scale

    @cached_property
    def x(self) -> Floats:
        """(1, cols) coordinates of the pixel centres."""
        return (((np.arange(self.cols) + 0.5) / self.scale - self.half_width)[None, :]).astype(np.float32)

    @cached_property
    def y(self) -> Floats:
        """(rows, 1) coordinates of the pixel centres."""
        return (((np.arange(self.rows) + 0.5) / self.scale + self.top)[:, None]).astype(np.float32)

    def box(self, low: Point, high: Point, margin: float = 0.0) -> Box:
        """Return the pixels between two corners."""
        left, right = ((x + self.half_width) * self.scale for x in (low[0] - margin, high[0] + margin))
        top, bottom = ((y - self.top) * self.scale for y in (low[1] - margin, high[1] + margin))
        rows = slice(int(np.clip(top - 1, 0, self.rows)), int(np.clip(bottom + 2, 0, self.rows)))
        return rows, slice(int(np.clip(left - 1, 0, self.cols)), int(np.clip(right + 2, 0, self.cols)))

    def cloud(self, size: float, *seed: int) -> Floats:
        """Return smooth random values in (-1, 1) over the sheet, with lumps of `size` units."""
        return field(self.y[:, 0].astype(np.float64) / size, self.x[0].astype(np.float64) / size, *seed)

    def fill(self, points: Sequence[Point]) -> Cover:
        """Cover a polygon."""
        return self.draw([points])

    def draw(self, polygons: Sequence[Sequence[Point]]) -> Cover:
        """Cover many polygons at once."""
        every = np.array([point for polygon in polygons for point in polygon], dtype=np.float64)
        (low_x, low_y), (high_x, high_y) = every.min(axis=0), every.max(axis=0)
        rows, cols = self.box((low_x, low_y), (high_x, high_y))
        h, w = rows.stop - rows.start, cols.stop - cols.start
        if h <= 0 or w <= 0:
            return Cover((slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32))
        large = Image.new("L", (w * _SUPER, h * _SUPER))
        pen = ImageDraw.Draw(large)
        origin, shift = np.array([cols.start, rows.start]), np.array([self.half_width, -self.top])
        at = ((every + shift) * self.scale - origin) * _SUPER - 0.5
        first = 0
        for polygon in polygons:
            pen.polygon(at[first : first + len(polygon)].ravel().tolist(), fill=255)
            first += len(polygon)
        share = np.asarray(large.reduce(_SUPER), dtype=np.float32) / np.float32(255)
        return Cover((rows, cols), share)


@dataclass(frozen=True, eq=False)
class Cover:
    """A shape on the sheet: where, and how much of each pixel it covers."""

    box: Box
    share: Floats  # (h, w) in 0 .. 1


@dataclass(frozen=True, eq=False)
class Cartoon:
    """The composition, as maps over a sheet.

    Attributes:
        sheet: the grid.
        colour: (h, w, 3) encoded RGB, 0 .. 1.
        hatch: (h, w, 3) change of colour along a light brush stroke: the hand's freedom at that place.
        gold: (h, w) 1 where leaf lies, 0 where paint lies.
        matter: (h, w, 7) what the paint layer does to other rays than light, see `pigments.TRAITS`;
            (h, w, 0) where only colour is asked for.
    """

    sheet: Sheet
    colour: Floats
    hatch: Floats
    gold: Floats
    matter: Floats

    @classmethod
    def bare(cls, sheet: Sheet, *, matter: bool = False) -> Cartoon:
        """Return an empty cartoon, to be painted in colour alone or in matter too."""
        h, w = sheet.rows, sheet.cols
        zeros = np.zeros((h, w, 3), np.float32)
        blank = np.zeros((h, w, len(TRAITS) if matter else 0), np.float32)
        return cls(sheet, zeros, zeros.copy(), np.zeros((h, w), np.float32), blank)

    def copy(self) -> Cartoon:
        """Return the cartoon as it stands now."""
        return replace(self, **{name: getattr(self, name).copy() for name in LAID})

    def mix(self, other: Cartoon, share: Floats) -> None:
        """Go over to another cartoon of the same sheet by a share (h, w) in 0 .. 1."""
        for name in LAID:
            mine, theirs = getattr(self, name), getattr(other, name)
            mine += (theirs - mine) * (share if mine.ndim == 2 else share[..., None])

    def lay(
        self, cover: Cover, ramp: Ramp, tone: Floats | float, *, hatch: float = 0.05, gold: float = 0.0
    ) -> None:
        """Lay paint over a shape.

        Args:
            cover: where.
            ramp: which paint.
            tone: 0 (shadow) .. 1 (light), one number or a map of the whole sheet.
            hatch: how much single strokes differ in tone.
            gold: 1 if what is laid is leaf.
        """
        box, share = cover.box, cover.share[..., None]
        if not share.size:
            return
        level = tone[box] if isinstance(tone, np.ndarray) else np.full(share.shape[:2], tone, np.float32)
        at = np.rint(np.clip(level, 0, 1) * 1024).astype(np.int32)
        self.colour[box] += (ramp.table[at] - self.colour[box]) * share
        self.hatch[box] += (ramp.slopes[at] * np.float32(hatch) - self.hatch[box]) * share
        self.gold[box] += (np.float32(gold) - self.gold[box]) * share[..., 0]
        if self.matter.shape[-1]:
            self.matter[box] += (ramp.matter[at] - self.matter[box]) * share


def trace(text: str) -> list[Point]:
    """Read points written as in a vector drawing: "x y, x y, ..."."""
    pairs = (pair.split() for pair in text.split(","))
    return [(float(x), float(y)) for x, y in pairs]


def spline(points: Sequence[Point], *, closed: bool = True, steps: int = 10) -> list[Point]:
    """Return a smooth curve through points (Catmull and Rom 1974)."""
    p = np.asarray(points, dtype=np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (p[k : len(p) - 3 + k, None] for k in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    line = curve.reshape(-1, 2)
    if not closed:
        line = np.concatenate([line, p[-1:]])
    return [(float(x), float(y)) for x, y in line]


def stroke(points: Sequence[Point], width: float, *, ends: Point = (0.15, 0.15)) -> list[Point]:
    """Return the outline of a brush stroke through points: full `width` in the middle, tapered at the ends.

    Args:
        points: (x, y) the stroke passes through.
        width: in units.
        ends: width at the start and the end, as a share of `width`.
    """
    line = np.asarray(spline(points, closed=False))
    along = np.linspace(0, 1, len(line))
    swell = np.interp(along, [0, 0.35, 0.65, 1], [ends[0], 1, 1, ends[1]])
    tangent = np.gradient(line, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal /= np.maximum(np.hypot(normal[:, :1], normal[:, 1:]), 1e-9)
    side = normal * (swell * width / 2)[:, None]
    outline = np.concatenate([line + side, (line - side)[::-1]])
    return [(float(x), float(y)) for x, y in outline]


def disc(at: Point, radius: float, *, corners: int = 20) -> list[Point]:
    """Return a circle as a polygon."""
    return [(at[0] + radius * c, at[1] + radius * s) for c, s in _corners(corners)]


@cache
def _corners(count: int) -> list[Point]:
    """Return cosine and sine of evenly spaced turns."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return [(float(np.cos(a)), float(np.sin(a))) for a in turn]


def lit(height: NDArray[np.float32], sheet: Sheet) -> Floats:
    """Return how much a relief (heights in units) faces the light at the upper left, roughly -1 .. 1."""
    down, right = (
        np.gradient(height, axis=k) if height.shape[k] > 1 else np.zeros_like(height) for k in (0, 1)
    )
    slope: Floats = ((right * np.float32(0.7) + down * np.float32(0.7)) * np.float32(sheet.scale)).astype(
        np.float32
    )
    slope /= np.sqrt(1 + slope * slope)
    return slope
