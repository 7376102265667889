"""Lines that painters draw, and that are no cracks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import interpolate, ndimage

Floats = NDArray[np.float32]

PACE, FINER = 2.0, 2  # px between the points of a line, and how much finer lines are drawn


def draw_lines(paint: Floats, rng: Generator) -> Floats:
    """Draw lines as painters do, contours with a brush or borders along a ruler: (n, n, 3).

    They are smooth, of even width or tapered, of any colour; cracks over them are to be found, they are not.
    """
    side = len(paint)
    seen = paint
    for _ in range(int(rng.integers(1, 4))):
        way = random_contour(side, rng) if rng.random() < 0.65 else random_ruler(side, rng)
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


def random_contour(side: int, rng: Generator) -> NDArray[np.float64]:
    """Draw a smooth curve through random places, in steps of some two pixels: (n, 2)."""
    marks = rng.uniform(-0.2 * side, 1.2 * side, (int(rng.integers(3, 7)), 2))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(marks, axis=0), axis=1))])
    return np.asarray(interpolate.CubicSpline(length, marks)(np.arange(0, length[-1], PACE)))


def random_ruler(side: int, rng: Generator) -> NDArray[np.float64]:
    """Draw a straight line across, most often along a side of the image: (n, 2)."""
    angle = rng.integers(2) * np.pi / 2 + (rng.normal(0, 0.02) if rng.random() < 0.7 else rng.uniform(0, 2))
    steps = np.arange(-side, side, PACE)[:, None]
    return np.asarray(rng.uniform(0, side, 2) + steps * (np.sin(angle), np.cos(angle)))
