"""Lacuna by lacuna: where it lies, how large and how wide it is, and how sure the engine was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.metrics.calibration import band_of
from tratteggio.painting import Groups, Lacunae, Region, Restoration

CELLS = 1 << 24  # of the map of lacunae in memory: up to so many pixels, lacunae are exact connected areas
TILE_PX = 1024
REACH_PX = 256  # widths beyond twice this are measured only where the lacuna lies in one tile


@dataclass(frozen=True)
class Lacuna:
    """One connected area of lost paint; pixels that touch at a corner are connected.

    Attributes:
        box: tight bounding box in pixels.
        lost_px: number of lost pixels.
        width_px: diameter of the largest circle inside, to about one pixel; None if no paint is known at all.
        at_least: True if the width may be larger.
        deepest: (row, column) of that circle's centre: a lost pixel, good to mark the lacuna at.
        confidence: mean over its lost pixels, 0 to 1.
        band: how far off 9 of 10 of its pixels are at most, as the confidence has it; mean of shares of the
            range.
    """

    box: Region
    lost_px: int
    width_px: float | None
    at_least: bool
    deepest: tuple[int, int]
    confidence: float
    band: float


@dataclass(frozen=True)
class Census:
    """What there is to list of the lacunae of a painting.

    Attributes:
        largest: those measured, largest first.
        count: of all.
        apart_px: lost pixels up to this far apart count as one lacuna; 1: they touch.
    """

    largest: list[Lacuna]
    count: int
    apart_px: int


def census(restoration: Restoration, *, rows: int, cells: int = CELLS) -> Census:
    """Measure the `rows` largest lacunae, and count all.

    The mask and the confidence are read in bands and tiles. Lacunae are connected areas; for paintings of
    more than `cells` pixels they are found on a coarser grid, so that memory does not grow with the painting.
    """
    grid_rows, grid_cols = restoration.lacunae.grid
    apart_px = 1
    while -(-grid_rows // apart_px) * -(-grid_cols // apart_px) > cells:
        apart_px += 1
    groups = restoration.lacunae.groups(apart_px)
    confidence, band = _means(restoration, groups)
    largest = np.argsort(-groups.lost_px, kind="stable")[:rows]
    found = [_measure(restoration.lacunae, groups, i, float(confidence[i]), float(band[i])) for i in largest]
    return Census(found, len(groups.regions), apart_px)


def _means(restoration: Restoration, groups: Groups) -> NDArray[np.float64]:
    """Average confidence and its band over each group: (2, groups)."""
    total = np.zeros((2, len(groups.regions) + 1))
    for rows in Region.whole(restoration.lacunae.grid).bands(512):
        lost = restoration.lacunae.read(rows)
        if lost.any():
            sure = np.asarray(restoration.confidence[rows.slices], dtype=np.float64)[lost]
            numbers = groups.label_map(rows)[lost]
            for row, values in enumerate((sure, band_of(sure))):
                total[row] += np.bincount(numbers, weights=values, minlength=total.shape[1])
    return np.asarray(total[:, 1:] / groups.lost_px)


def _measure(lacunae: Lacunae, groups: Groups, index: int, confidence: float, band: float) -> Lacuna:
    """Look at one group, tile by tile."""
    around = groups.regions[index].grow(1, within=lacunae.grid)
    box, depth, deepest, at_least = None, -1.0, (around.top, around.left), False
    for tile in _tiles(groups.regions[index]):
        window = tile.grow(REACH_PX, within=lacunae.grid).meet(around)
        lost = lacunae.read(window) & (groups.label_map(window) == index + 1)
        core = tile.relative_to(window).slices
        if not lost[core].any():
            continue
        rows, cols = np.flatnonzero(lost[core].any(axis=1)), np.flatnonzero(lost[core].any(axis=0))
        part = Region(
            tile.top + int(rows[0]),
            tile.left + int(cols[0]),
            tile.top + int(rows[-1]) + 1,
            tile.left + int(cols[-1]) + 1,
        )
        box = part if box is None else box.join(part)
        inside = _depth(lost)[core]
        row, col = np.unravel_index(int(inside.argmax()), inside.shape)
        if inside[row, col] > depth:
            depth, deepest = float(inside[row, col]), (tile.top + int(row), tile.left + int(col))
        if window != around and depth > REACH_PX:  # known paint beyond the window may be nearer or farther
            depth, at_least = float(REACH_PX), True
    assert box is not None  # a group holds at least one lost pixel
    width = None if np.isinf(depth) else 2 * depth - 1
    return Lacuna(box, int(groups.lost_px[index]), width, at_least, deepest, confidence, band)


def _tiles(region: Region) -> Iterator[Region]:
    for band in region.bands(TILE_PX):
        for left in range(band.left, band.right, TILE_PX):
            yield Region(band.top, left, band.bottom, min(left + TILE_PX, band.right))


def _depth(lost: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the distance to the nearest known pixel; infinite if there is none."""
    if lost.all():
        return np.full(lost.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(lost))
