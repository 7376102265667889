"""The underdrawing: what was drawn on the ground with carbon black before anything was painted.

Drawn from the composition as the painter saw it first: dark lines along the shadow side of every form
(a difference of Gaussians, as in Winnemoeller 2012, "XDoG"), hatching in the shadows, all by a free
hand, and at some place moved aside: there the painter changed his mind, and drawing and paint disagree.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats, draw, uniform_rows
from tratteggio.phantom.cartoon import Cartoon, Point, Sheet

LINE = 0.0026  # width of a line, in units
WANDER = 0.0025  # how far the free hand strays from the painted form
CHANGE = 0.022  # how far a form was moved where the painter changed his mind
PITCH = 0.018  # between groups of hatching strokes


def underdrawing(cartoon: Cartoon, seed: int) -> Floats:
    """Return how much of each pixel of the cartoon is drawn on: (h, w), 0 .. 1; nothing under leaf."""
    sheet = cartoon.sheet
    tone = cartoon.colour @ np.array([0.3, 0.6, 0.1], np.float32)
    # Leaf is laid on bare ground; its sheen is no form.
    tone = tone + (np.float32(0.5) - tone) * cartoon.gold
    lines = np.maximum(_contours(tone, sheet), _hatching(tone, cartoon.gold, sheet, seed))
    drawn = _displace(lines, sheet, seed)
    faded = np.float32(0.80) + sheet.cloud(0.05, seed, 402) * np.float32(0.28)
    covered: Floats = np.clip(drawn * faded * (np.float32(1) - cartoon.gold), 0, 1).astype(np.float32)
    return covered


def _contours(tone: Floats, sheet: Sheet) -> Floats:
    """Ink on the dark side of every edge, as dark in deep shadow as in the light."""
    size = max(LINE * sheet.scale, 0.6)
    fine, wide = (ndimage.gaussian_filter(tone, size * k, truncate=3) for k in (0.7, 1.4))
    # Painted forms in shadow differ little in tone: measured against the contrast around them.
    spread = ndimage.gaussian_filter((tone - wide) ** 2, size * 9, truncate=3)
    edge = (wide - fine) / np.sqrt(spread + np.float32(3e-5))
    ink: Floats = np.clip((edge - np.float32(0.38)) * np.float32(2.4), 0, 1).astype(np.float32)
    return ink


def _hatching(tone: Floats, gold: Floats, sheet: Sheet, seed: int) -> Floats:
    """Groups of parallel strokes where the form lies in shadow, crossed where it is darkest."""
    ink = np.zeros((sheet.rows, sheet.cols), np.float32)
    around = ndimage.gaussian_filter(tone, 0.02 * sheet.scale, truncate=3)
    spread = ndimage.gaussian_filter((tone - around) ** 2, 0.02 * sheet.scale, truncate=3)
    shade = ndimage.gaussian_filter(tone, 0.006 * sheet.scale, truncate=3) - around
    turn = draw(seed, "hatching", 0.6, 1.0)
    strokes: list[list[Point]] = []
    across = np.arange(-sheet.half_width, sheet.half_width, PITCH)
    for row, y0 in enumerate(np.arange(sheet.top, 1.0, PITCH)):
        for x0, (a, b, c, d) in zip(across, uniform_rows(len(across), 4, seed, 410, row), strict=True):
            x, y = float(x0) + a * PITCH, float(y0) + b * PITCH
            i, j = int((y - sheet.top) * sheet.scale), int((x + sheet.half_width) * sheet.scale)
            if not (0 <= i < sheet.rows and 0 <= j < sheet.cols) or gold[i, j] > 0.3:
                continue
            # Only where there is form to model: a flat dark wall is not hatched.
            if shade[i, j] < -0.008 - 0.012 * c and spread[i, j] > 2e-4:
                strokes += _group(x, y, turn + 0.3 * (d - 0.5))
                if shade[i, j] < -0.035:
                    strokes += _group(x, y, turn + 1.2 + 0.3 * (d - 0.5))
    if strokes:
        cover = sheet.draw(strokes)
        ink[cover.box] = cover.share
    return ink


def _group(x: float, y: float, turn: float) -> list[list[Point]]:
    """Four strokes side by side, each broad where the pen was set down and ending in a point."""
    c, s = float(np.cos(turn)), float(np.sin(turn))
    group = []
    for k in (-1.5, -0.5, 0.5, 1.5):
        beside, half, pen = 0.25 * k * PITCH, (0.75 - 0.05 * abs(k)) * PITCH, 0.4 * LINE
        corners = ((-half, -pen), (0.5 * half, -pen), (half, 0.0), (0.5 * half, pen), (-half, pen))
        group.append([(x + u * c - (v + beside) * s, y + u * s + (v + beside) * c) for u, v in corners])
    return group


def _displace(lines: Floats, sheet: Sheet, seed: int) -> Floats:
    """Shift the drawing by the freedom of the hand, and further where the painter changed his mind."""
    shift = []
    at = (draw(seed, "change x", -0.5, 0.5) * sheet.half_width, draw(seed, "change y", 0.3, 0.8))
    reach = draw(seed, "change size", 0.10, 0.18)
    near = ((sheet.x - np.float32(at[0])) ** 2 + (sheet.y - np.float32(at[1])) ** 2) / np.float32(reach**2)
    changed = np.clip(np.float32(1) - near, 0, 1) ** 2
    turn = draw(seed, "change turn", 0, 2 * np.pi)
    for stream, way in ((420, np.sin(turn)), (421, np.cos(turn))):
        free = sheet.cloud(0.07, seed, stream) * np.float32(WANDER)
        shift.append((free + changed * np.float32(CHANGE * way)) * np.float32(sheet.scale))
    rows, cols = np.arange(sheet.rows)[:, None] + shift[0], np.arange(sheet.cols)[None, :] + shift[1]
    moved: Floats = ndimage.map_coordinates(lines, [rows, cols], order=1, mode="nearest")
    return moved
