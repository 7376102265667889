"""The face: a relief in the light over green earth, then drawn with the point of the brush.

Places on a face are (q, v): q sideways from its middle line, v down, 1 = half its width. Where two
signs are possible, a feature is drawn on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tratteggio.degradation.simulation.value_noise import Floats, draw
from tratteggio.phantom.cartoon import Cartoon, Cover, Point, Sheet, spline, stroke, trace
from tratteggio.phantom.paints import FLESH, LINE, LIP, VEIL, Ramp


class _Bump(NamedTuple):
    """A soft hill or hollow on the face."""

    amount: float
    at: Point
    size: Point
    both: bool = False


class _Line(NamedTuple):
    """A line of the brush on the face."""

    points: str
    width: float
    tone: float
    part: float  # how thickly the paint is laid, 0 .. 1
    ramp: Ramp = LINE


RELIEF = (
    _Bump(0.10, (0, 0.34), (0.17, 0.10)),  # tip of the nose
    _Bump(0.05, (0.19, 0.36), (0.08, 0.08), both=True),  # wings of the nose
    _Bump(-0.15, (0.42, -0.16), (0.26, 0.15), both=True),  # sockets
    _Bump(0.06, (0.42, -0.12), (0.17, 0.09), both=True),  # lids
    _Bump(0.05, (0.42, -0.42), (0.34, 0.09), both=True),  # brows
    _Bump(0.08, (0.50, 0.22), (0.26, 0.22), both=True),  # cheeks
    _Bump(0.07, (0, 0.66), (0.24, 0.10)),  # lips
    _Bump(-0.04, (0, 0.84), (0.20, 0.06)),
    _Bump(0.10, (0, 1.02), (0.24, 0.16)),  # chin
)
MODELLING = (  # where green earth stays bare, and where the last lights are put
    _Bump(-0.16, (0.40, -0.30), (0.30, 0.09), both=True),
    _Bump(-0.12, (0.16, 0.10), (0.09, 0.36)),
    _Bump(-0.14, (0.02, 0.49), (0.22, 0.05)),
    _Bump(-0.10, (0, 0.80), (0.20, 0.05)),
    _Bump(0.12, (-0.03, 0.05), (0.055, 0.33)),
    _Bump(0.13, (-0.02, 0.36), (0.07, 0.07)),
    _Bump(0.09, (-0.12, -0.66), (0.36, 0.20)),
)
BLUSH = (
    _Bump(0.30, (0.52, 0.30), (0.26, 0.20), both=True),
    _Bump(0.14, (0, 0.36), (0.14, 0.09)),
    _Bump(0.14, (0, 1.05), (0.18, 0.12)),
)
EYE = "0.19 -0.135, 0.30 -0.215, 0.43 -0.235, 0.56 -0.20, 0.68 -0.12, 0.56 -0.085, 0.42 -0.06, 0.29 -0.08"
EYE_LINES = (
    _Line("0.17 -0.12, 0.30 -0.215, 0.43 -0.24, 0.57 -0.205, 0.76 -0.09", 0.055, 0.1, 0.9),
    _Line("0.24 -0.29, 0.42 -0.335, 0.60 -0.29, 0.72 -0.20", 0.030, 0.6, 0.7),
    _Line("0.20 -0.11, 0.32 -0.065, 0.45 -0.05, 0.60 -0.085", 0.022, 0.6, 0.75),
    _Line("0.24 0.02, 0.42 0.06, 0.60 0.01", 0.050, 0.25, 0.5, FLESH),
    _Line("0.10 -0.36, 0.24 -0.46, 0.46 -0.50, 0.66 -0.43, 0.82 -0.28", 0.060, 0.5, 0.8),
)
NOSE_LINES = (  # drawn for a face that looks to the left
    _Line("0.24 -0.46, 0.115 -0.30, 0.105 0.0, 0.135 0.22, 0.215 0.33", 0.032, 0.6, 0.75),
    _Line("0.225 0.30, 0.24 0.385, 0.14 0.415", 0.040, 0.4, 0.8),
    _Line("-0.21 0.31, -0.225 0.39, -0.14 0.415", 0.035, 0.5, 0.7),
    _Line("-0.13 0.415, 0 0.455, 0.13 0.415", 0.040, 0.4, 0.8),
)
UPPER_LIP = (
    "-0.29 0.655, -0.14 0.60, -0.05 0.585, 0 0.60, 0.05 0.585, 0.14 0.60, 0.29 0.655, "
    "0.1 0.675, 0 0.685, -0.1 0.675"
)
LOWER_LIP = "-0.25 0.665, 0 0.685, 0.25 0.665, 0.13 0.745, 0 0.77, -0.13 0.745"
MOUTH_LINES = (
    _Line("-0.33 0.645, -0.15 0.66, 0 0.685, 0.15 0.66, 0.33 0.645", 0.030, 0.2, 0.9),
    _Line("-0.12 0.83, 0 0.85, 0.12 0.83", 0.035, 0.2, 0.6, FLESH),
)
OUTLINE = (
    "0 -1.42, 0.62 -1.2, 0.97 -0.55, 0.97 0.1, 0.80 0.66, 0.42 1.12, 0.02 1.3, "
    "-0.42 1.12, -0.78 0.66, -0.94 0.1, -0.94 -0.55, -0.60 -1.2"
)


@dataclass(frozen=True)
class Pose:
    """Where the head is and how it is held.

    Attributes:
        at: centre of the face, in units.
        half: half the width of the face, in units.
        tilt: turn in the picture plane, radians, positive = the crown leans to the right.
        turn: how far the face looks to one side, -0.3 (left) .. 0.3 (right).
    """

    at: Point
    half: float
    tilt: float
    turn: float

    @classmethod
    def from_seed(cls, seed: int) -> Pose:
        """Draw a pose."""
        side = 1 if draw(seed, "side") < 0.5 else -1
        at = (side * 0.012, draw(seed, "height", 0.365, 0.385))
        half = draw(seed, "half", 0.084, 0.090)
        return cls(at, half, -side * draw(seed, "tilt", 0.06, 0.17), side * draw(seed, "turn", 0.1, 0.22))

    def place(self, u: float, v: float) -> Point:
        """Return the place on the sheet of (u, v), u sideways from the middle of the head."""
        c, s = float(np.cos(self.tilt)), float(np.sin(self.tilt))
        return self.at[0] + self.half * (u * c - v * s), self.at[1] + self.half * (u * s + v * c)

    def places(self, text: str, *, side: int = 1) -> list[Point]:
        """Return the places of features written as "q v, q v, ..."; mirrored for side -1."""
        return [self.feature(side * q, v) for q, v in trace(text)]

    def feature(self, q: float, v: float) -> Point:
        """Return the place of a feature on the turned head: the middle line bulges to where it looks."""
        u = q
        for _ in range(3):
            u = q + self.turn * (1 - min(u * u, 1.0))
        return self.place(u, v)

    def local(self, sheet: Sheet) -> tuple[Floats, Floats]:
        """Return u and v of every pixel."""
        c, s = np.float32(np.cos(self.tilt)), np.float32(np.sin(self.tilt))
        dx = (sheet.x - np.float32(self.at[0])) / np.float32(self.half)
        dy = (sheet.y - np.float32(self.at[1])) / np.float32(self.half)
        return dx * c + dy * s, dy * c - dx * s


def paint_neck(cartoon: Cartoon, pose: Pose) -> None:
    """Paint the neck, shaded by the jaw."""
    sheet, x = cartoon.sheet, pose.at[0]
    below = [(x + dx, y) for dx, y in trace("0.055 0.52, 0.08 0.575, 0 0.612, -0.08 0.575, -0.055 0.52")]
    shape = spline([pose.place(-0.58, 0.7), pose.place(0.58, 0.7), *below])
    u, v = pose.local(sheet)
    folds = (
        _Bump(-0.32, (0.1, 1.25), (0.8, 0.40)),
        _Bump(-0.10, (0.45, 1.7), (0.18, 0.7)),
        _Bump(0.10, (-0.3, 1.9), (0.16, 0.5)),
    )
    tone = np.float32(0.60) - (sheet.x - np.float32(x)) * np.float32(2.4) + _sum(folds, u, v)
    cartoon.lay(sheet.fill(shape), FLESH, tone, hatch=0.05)


def paint_face(cartoon: Cartoon, pose: Pose) -> None:
    """Model the face and draw its features."""
    sheet = cartoon.sheet
    outline = spline([pose.place(u + pose.turn * 0.3 * max(v - 0.5, 0), v) for u, v in trace(OUTLINE)])
    cover = sheet.fill(outline)
    if cover.share.size:
        _model(cartoon, pose, cover)
    _eyes(cartoon, pose)
    looks = 1 if pose.turn < 0 else -1
    for line in NOSE_LINES:
        _draw(cartoon, pose, line, side=looks)
    for text, tone in ((UPPER_LIP, 0.26), (LOWER_LIP, 0.56)):
        cartoon.lay(sheet.fill(spline(pose.places(text))), LIP, tone)
    for line in MOUTH_LINES:
        _draw(cartoon, pose, line)
    jaw = outline[30:95]
    cartoon.lay(sheet.fill(stroke(jaw, 0.035 * pose.half)), LINE, 0.9)


def _model(cartoon: Cartoon, pose: Pose, cover: Cover) -> None:
    """Turn the relief of the face into light, and light into flesh."""
    sheet = cartoon.sheet
    u, v = (part[cover.box] for part in np.broadcast_arrays(*pose.local(sheet)))
    q = u - np.float32(pose.turn) * (1 - np.minimum(u * u, 1))
    egg = np.sqrt(np.maximum(1.25 - u * u - (v / np.float32(1.5)) ** 2, 0.02))
    bridge = np.clip((v + 0.35) / 0.75, 0, 1) * (0.5 - 0.5 * np.tanh((v - 0.40) * 13))
    height = egg * np.float32(0.75) + 0.30 * bridge * np.exp(-((q / 0.15) ** 2)) + _sum(RELIEF, q, v)
    px = np.float32(pose.half * sheet.scale)
    down, right = (np.gradient(height, axis=k) * px if height.shape[k] > 1 else 0 * height for k in (0, 1))
    facing = (0.50 * right + 0.42 * down + 0.78) / np.sqrt(1 + right**2 + down**2)
    rim = np.clip(u * u + (v / np.float32(1.36)) ** 2 - 0.62, 0, 1)
    tone = np.zeros((sheet.rows, sheet.cols), np.float32)
    tone[cover.box] = 0.05 + 0.80 * np.clip(facing, 0, 1) - 0.30 * rim + _sum(MODELLING, q, v)
    cartoon.lay(cover, FLESH, tone, hatch=0.05)
    blush = Cover(cover.box, _sum(BLUSH, q, v) * cover.share)
    cartoon.lay(blush, LIP, tone + np.float32(0.12), hatch=0.05)


def _eyes(cartoon: Cartoon, pose: Pose) -> None:
    sheet = cartoon.sheet
    look = 0.06 * float(np.sign(pose.turn))
    for side in (-1, 1):
        cartoon.lay(sheet.fill(spline(pose.places(EYE, side=side))), VEIL, 0.46, hatch=0.05)
        for radius, tone in ((0.095, 0.9), (0.048, 0.0)):
            around = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            iris = [
                pose.feature(
                    side * 0.425 + look + radius * float(np.cos(a)), -0.152 + radius * float(np.sin(a))
                )
                for a in around
            ]
            cartoon.lay(sheet.fill(iris), LINE, tone)
        for line in EYE_LINES:
            _draw(cartoon, pose, line, side=side)


def _draw(cartoon: Cartoon, pose: Pose, line: _Line, *, side: int = 1) -> None:
    cover = cartoon.sheet.fill(stroke(pose.places(line.points, side=side), line.width * pose.half))
    cartoon.lay(Cover(cover.box, cover.share * np.float32(line.part)), line.ramp, line.tone)


def _sum(bumps: tuple[_Bump, ...], q: Floats, v: Floats) -> Floats:
    """Return the sum of bumps at every place."""
    total = np.zeros(np.broadcast_shapes(q.shape, v.shape), np.float32)
    for bump in bumps:
        for side in (-1, 1) if bump.both else (1,):
            across = (q - np.float32(side * bump.at[0])) / np.float32(bump.size[0])
            down = (v - np.float32(bump.at[1])) / np.float32(bump.size[1])
            total += np.float32(bump.amount) * np.exp(-across * across - down * down)
    return total
