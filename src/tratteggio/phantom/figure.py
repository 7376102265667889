"""A half-length saint before gold, in the manner of the early Italian panels.

Light comes from the upper left. Each part is a shape, a relief that catches the light, and a paint
whose ramp turns light into colour: flesh over green earth, a blue mantle, a red robe.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats, draw
from tratteggio.phantom.cartoon import Cartoon, Point, Sheet, lit, spline, stroke, trace
from tratteggio.phantom.face import Pose, paint_face, paint_neck
from tratteggio.phantom.paints import HEM, LINE, MANTLES, ROBES, VEIL, Ramp

# Around the head: (u, v) on one side, 1 = half the width of the face; mirrored for the other.
VEIL_EDGE = "0 -1.10, 0.50 -0.95, 0.86 -0.45, 0.95 0.2, 0.88 0.9, 0.92 1.5, 1.06 2.25"
HOOD = "0.36 -1.83, 1.0 -1.45, 1.42 -0.75, 1.54 0.0, 1.52 0.75"
OPENING = "0.56 -1.03, 0.97 -0.45, 1.03 0.3, 1.0 1.1, 1.14 1.9"
# On the body: (x beside the neck, y), in units.
SHOULDER = "0.145 0.545, 0.20 0.59, 0.248 0.66, 0.28 0.76, 0.30 0.90, 0.31 1.06"
NECKLINE = "-0.092 0.572, -0.05 0.606, 0 0.62, 0.05 0.606, 0.092 0.572"


def paint_figure(cartoon: Cartoon, seed: int) -> None:
    """Paint the saint over what is there."""
    pose = Pose.from_seed(seed)
    mantle = MANTLES[int(draw(seed, "paint of the mantle") ** 1.6 * len(MANTLES))]
    robe = ROBES[int(draw(seed, "paint of the robe") ** 1.6 * len(ROBES))]
    _lining(cartoon, pose, mantle)
    _robe(cartoon, pose, robe, seed)
    paint_neck(cartoon, pose)
    _neckline(cartoon, pose)
    paint_face(cartoon, pose)
    _veil(cartoon, pose)
    _mantle(cartoon, pose, mantle, seed)


def _relief(sheet: Sheet, folds: list[tuple[list[Point], float]]) -> Floats:
    """Return the relief of folds, each a line and a width: sharp ridges on soft ones, heights in units."""
    height = np.zeros((sheet.rows, sheet.cols), np.float32)
    for soft in (0.007, 0.016):
        ridges = np.zeros_like(height)
        for line, width in folds:
            cover = sheet.fill(stroke(line, width * soft / 0.010, ends=(0.1, 0.35)))
            np.maximum(ridges[cover.box], cover.share, out=ridges[cover.box])
        height += ndimage.gaussian_filter(ridges, soft * sheet.scale, truncate=3) * np.float32(soft * 1.6)
    return height


def _lining(cartoon: Cartoon, pose: Pose, ramp: Ramp) -> None:
    """The dark inside of the hood, seen beside the neck."""
    half, body = trace(OPENING), [(0.13, 0.62), (0.05, 0.66)]
    right = [*(pose.place(u, v) for u, v in half), *((pose.at[0] + dx, y) for dx, y in body)]
    left = [*(pose.place(-u, v) for u, v in half), *((pose.at[0] - dx, y) for dx, y in body)]
    cartoon.lay(cartoon.sheet.fill([*left[::-1], *right]), ramp, 0.12)


def _robe(cartoon: Cartoon, pose: Pose, ramp: Ramp, seed: int) -> None:
    """The robe, its folds hanging from the neckline."""
    sheet, x = cartoon.sheet, pose.at[0]
    outline = trace("-0.085 0.56, 0.085 0.56, 0.14 0.66, 0.155 1.1, -0.155 1.1, -0.14 0.66")
    folds = []
    for k in range(7):
        at = -0.13 + 0.043 * k + draw(seed, f"robe {k}", -0.012, 0.012)
        lean = at * draw(seed, f"lean {k}", 0.2, 0.9)
        line = [(0.6 * at, 0.575), (at + 0.2 * lean, 0.72), (at + 0.5 * lean, 0.88), (at + lean, 1.06)]
        folds.append(([(x + dx, y) for dx, y in line], draw(seed, f"robe width {k}", 0.008, 0.018)))
    round_body = -(sheet.x - np.float32(x)) * np.float32(0.9) - (sheet.y - np.float32(0.75)) * np.float32(
        0.25
    )
    tone = np.float32(0.44) + lit(_relief(sheet, folds), sheet) * np.float32(0.42) + round_body
    tone += sheet.cloud(0.05, seed, 31) * np.float32(0.04)
    shape = spline([(x + dx, y) for dx, y in outline])
    cartoon.lay(sheet.fill(shape), ramp, tone, hatch=0.085)


def _neckline(cartoon: Cartoon, pose: Pose) -> None:
    """A gold band around the neck of the robe."""
    sheet = cartoon.sheet
    line = [(pose.at[0] + dx, y) for dx, y in trace(NECKLINE)]
    cartoon.lay(sheet.fill(stroke(line, 0.022, ends=(1, 1))), LINE, 0.2)
    tone = np.float32(0.5) + sheet.cloud(0.006, 5) * np.float32(0.3)
    cartoon.lay(sheet.fill(stroke(line, 0.016, ends=(1, 1))), HEM, tone, gold=0.6)
    _row(cartoon, line, 0.0022, 0.009)


def _veil(cartoon: Cartoon, pose: Pose) -> None:
    """A white veil between face and hood."""
    sheet = cartoon.sheet
    u, v = pose.local(sheet)
    pleats = np.float32(0.16) * np.sin(v * np.float32(7) + u * np.float32(4))
    tone = np.float32(0.52) - u * np.float32(0.26) + pleats
    for side in (-1, 1):
        edge = trace(VEIL_EDGE)
        band = [pose.place(side * u, v) for u, v in edge]
        cartoon.lay(sheet.fill(stroke(band, 0.25 * pose.half, ends=(0.9, 0.6))), VEIL, tone, hatch=0.07)
        # Its shadow on the face.
        inner = [pose.place(side * u * 0.89, v * (0.89 if v < 0 else 1)) for u, v in edge]
        cartoon.lay(sheet.fill(stroke(inner, 0.03 * pose.half)), LINE, 0.9)


def _mantle(cartoon: Cartoon, pose: Pose, ramp: Ramp, seed: int) -> None:
    """The mantle over head and shoulders: one shape, between an outer line and the line of its hem."""
    sheet, x = cartoon.sheet, pose.at[0]
    cross = draw(seed, "cross", 0.03, 0.10)
    drop = draw(seed, "drop", 0.0, 0.025)
    front = [(0.145, 0.66), (0.125, 0.78), (cross, 0.92), (cross * 0.6, 1.06)]

    def both(head: str, body: list[Point]) -> list[Point]:
        right = [*(pose.place(u, v) for u, v in trace(head)), *((x + dx, y) for dx, y in body)]
        left = [*(pose.place(-u, v) for u, v in trace(head)), *((x - dx, y) for dx, y in body)]
        return [*left[::-1], *right]

    outer = both(HOOD, [(dx, y + drop) for dx, y in trace(SHOULDER)])
    hem = both(OPENING, front)
    shape = [*spline(outer, closed=False), *spline(hem, closed=False)[::-1]]
    u, v = pose.local(sheet)
    dome = -np.float32(0.13) * u * np.exp(-np.maximum(v, 0) * np.float32(0.6))
    dome -= (sheet.x - np.float32(x)) * np.float32(0.5)
    tone = np.float32(0.40) + lit(_relief(sheet, _mantle_folds(pose, seed)), sheet) * np.float32(0.50)
    tone += np.clip(dome, -0.2, 0.2) + sheet.cloud(0.06, seed, 37) * np.float32(0.05)
    cartoon.lay(sheet.fill(shape), ramp, tone, hatch=0.085)
    cartoon.lay(sheet.fill(stroke(outer, 0.0035, ends=(1, 1))), LINE, 0.0)
    _hem(cartoon, hem)
    _star(cartoon, pose.place(0.0, -1.52), 0.016)
    _star(cartoon, (x + 0.205, 0.70 + drop), 0.021)


def _mantle_folds(pose: Pose, seed: int) -> list[tuple[list[Point], float]]:
    """Folds around the face, and falling from the shoulders."""
    folds = []
    for side in (-1, 1):
        for k in range(4):
            far = 1.12 + 0.1 * k
            head = [(0.25 * k, -1.78 + 0.1 * k), (0.9 * far, -1.15), (far + 0.05, -0.2), (far + 0.02, 0.9)]
            line = [pose.place(side * u, v) for u, v in [*head, (far + 0.35 + 0.12 * k, 2.1)]]
            folds.append((line, draw(seed, f"hood {side} {k}", 0.006, 0.014)))
        for k in range(8):
            swing = draw(seed, f"swing {side} {k}", -0.02, 0.02)
            bend = 0.76 + draw(seed, f"bend {side} {k}", -0.02, 0.02)
            fall = [
                (0.135 + 0.012 * k, 0.58 + 0.012 * k),
                (0.155 + 0.021 * k + swing, bend),
                (0.085 + 0.036 * k + swing, 1.07),
            ]
            line = [(pose.at[0] + side * dx, y) for dx, y in fall]
            folds.append((line, draw(seed, f"fold {side} {k}", 0.008, 0.020)))
    return folds


def _hem(cartoon: Cartoon, path: list[Point]) -> None:
    """Gold along the edge of the mantle: a band between two dark lines, with a row of lozenges."""
    sheet = cartoon.sheet
    cartoon.lay(sheet.fill(stroke(path, 0.016, ends=(1, 1))), LINE, 0.1)
    tone = np.float32(0.55) + sheet.cloud(0.012, 41) * np.float32(0.2)
    cartoon.lay(sheet.fill(stroke(path, 0.0115, ends=(1, 1))), HEM, tone, gold=0.7)
    _row(cartoon, path, 0.0035, 0.013)


def _row(cartoon: Cartoon, path: list[Point], size: float, pitch: float) -> None:
    """Set dark lozenges along a path."""
    line = np.asarray(spline(path, closed=False, steps=40))
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(pitch * 0.75, along[-1], pitch)
    centres = zip(np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1]), strict=True)
    lozenges = [[(x - size, y), (x, y - size), (x + size, y), (x, y + size)] for x, y in centres]
    cartoon.lay(cartoon.sheet.draw(lozenges), LINE, 0.5)


def _star(cartoon: Cartoon, at: Point, radius: float) -> None:
    """A star of eight gold rays, as on the mantle of the Madonna."""
    rays = []
    for k in range(8):
        angle, length = k * np.pi / 4, radius * (1.0 if k % 2 == 0 else 0.72)
        tip = (at[0] + length * float(np.cos(angle)), at[1] + length * float(np.sin(angle)))
        rays.append(stroke([at, tip], radius * 0.2, ends=(1, 0.3)))
    cartoon.lay(cartoon.sheet.draw(rays), HEM, 0.62, gold=0.6)
