"""Segments of cracks that look like drawn lines: long, smooth, tapered, with the same paint on both sides.

A crack is jagged, and its width is even. A brush line swells and thins out. The measures are simple and are
meant for a warning before a fill, not for detection: few segments of real cracks are all of this at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.damage.graph import CrackGraph, Edge
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import white

SHORTEST = 40  # px
SPACING = 12  # px between the points at which direction is measured: steps of pixels do not count
BENDS_DEG = 12.0  # spread of the turns from point to point; an arc turns evenly
TAPER = 1.5  # the widest tenth against the narrowest, at least
SIDES = 0.06  # of white: how far the means of both sides may differ
BESIDE = 3  # px between the rim of a line and the paint beside it
HALF = 32  # px: widths are measured up to twice this


def drawn_lines(graph: CrackGraph, cracks: Lacunae, scan: Scan) -> list[Edge]:
    """Return the segments of a crack graph that look drawn.

    Args:
        graph: made of `cracks`.
        cracks: where cracks are.
        scan: the painting, on the same grid; only the windows about long smooth segments are read.
    """
    smooth = [edge for edge in graph.edges if edge.length_px >= SHORTEST and bends_deg(edge) <= BENDS_DEG]
    return [edge for edge in smooth if _is_tapered(edge, cracks) and _has_same_sides(edge, scan)]


def bends_deg(edge: Edge) -> float:
    """Return the spread of the turns along a segment, in degrees; 0 for a line or an arc."""
    points = _spaced(edge, SPACING)
    down, right = np.diff(points, axis=0).T
    turns = np.diff(np.unwrap(np.arctan2(-down, right)))
    return float(np.degrees(np.std(turns))) if turns.size > 1 else 0.0


def _is_tapered(edge: Edge, cracks: Lacunae) -> bool:
    seen, points = _window(edge, cracks.grid, HALF)
    away = ndimage.distance_transform_edt(np.pad(cracks.read(seen), 1, mode="edge"))[1:-1, 1:-1]
    rows, cols = np.rint(points).astype(int).T
    # Over a small square: the points lie up to a pixel beside the middle.
    widths = 2 * ndimage.maximum_filter(np.minimum(away, HALF), 3)[rows, cols]
    even = ndimage.uniform_filter1d(widths, 3, mode="nearest")
    narrow, wide = np.percentile(even, (10, 90))
    return bool(wide >= TAPER * max(narrow, 1.0))


def _has_same_sides(edge: Edge, scan: Scan) -> bool:
    beside = edge.width_px / 2 + BESIDE
    seen, points = _window(edge, scan.grid, int(2 * beside) + 4)
    pixels = np.atleast_3d(scan.read(seen))[..., : scan.channels].astype(np.float64) / white(scan.dtype)
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    sides: Sequence[NDArray[np.float64]] = [
        _sample(pixels, points + sign * beside * normal).mean(axis=0) for sign in (-1, 1)
    ]
    return bool(np.abs(sides[0] - sides[1]).max() <= SIDES)


def _window(edge: Edge, grid: tuple[int, int], margin: int) -> tuple[Region, NDArray[np.float64]]:
    """Return the window about a segment, and points along it, 4 pixels apart, inside the window."""
    points = _spaced(edge, 4)
    top, left = np.floor(points.min(axis=0)).astype(int).tolist()
    bottom, right = np.ceil(points.max(axis=0)).astype(int).tolist()
    region = Region(top, left, bottom + 1, right + 1).grow(margin, within=grid)
    return region, points - (region.top, region.left)


def _spaced(edge: Edge, spacing: float) -> NDArray[np.float64]:
    """Return points along a segment at even distances, both ends included."""
    steps = np.hypot(*np.diff(edge.points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, at[-1], max(2, round(at[-1] / spacing) + 1))
    return np.stack([np.interp(wanted, at, edge.points[:, axis]) for axis in (0, 1)], axis=1)


def _sample(pixels: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest pixels; beyond the rim, those of the rim."""
    last = np.array(pixels.shape[:2]) - 1
    rows, cols = np.clip(np.rint(places).astype(int), 0, last).T
    return np.asarray(pixels[rows, cols])
