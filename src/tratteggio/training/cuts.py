"""Where patches lie in a picture, and how they are taken out of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from tratteggio.painting import Region
from tratteggio.painting.pixels import Lost

Levels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Corners = NDArray[np.int64]

CANDIDATES = 1024
SWEEPS = 4


class Cut(NamedTuple):
    """Where a patch lies in its picture, and how it is taken.

    Attributes:
        top, left: upper left corner in pixels; below 0 where the picture is smaller than the patch.
        flipped: left and right are exchanged.
        degrees: how far the patch is turned about its middle, anticlockwise as one sees it, before any flip.
        upended: top and bottom are exchanged.
        swapped: rows and columns are exchanged, which mirrors at the diagonal; after the other flips.
    """

    top: int
    left: int
    flipped: bool = False
    degrees: float = 0.0
    upended: bool = False
    swapped: bool = False


def maximin(grid: tuple[int, int], *, side: int, count: int, rng: Generator) -> Corners:
    """Place patches far apart, without ever having to draw one anew.

    Of 1024 places drawn evenly, the first is taken; then, again and again, the one whose nearest neighbour
    among those taken is farthest (Gonzalez 1985). Four times over, each is then moved to the place that is
    farthest from all others: the smallest distance never falls, and gains a tenth. Patches lie within the
    picture; of a smaller picture they hold all, in the middle.

    Args:
        grid: (rows, cols) of the picture.
        side: of a patch, in pixels.
        count: how many; they repeat where there are fewer places.
        rng: random numbers.

    Returns:
        (count, 2) upper left corners: row, column.
    """
    spans = np.maximum(np.array(grid) - side, 0)
    places = rng.integers(0, spans + 1, (CANDIDATES, 2))
    taken = np.zeros(count, np.int64)
    away = np.full((count, CANDIDATES), np.iinfo(np.int64).max)  # squared, from each one taken to each place
    away[0] = _square(places - places[0])
    nearest = away[0]
    for k in range(1, count):
        taken[k] = nearest.argmax()
        away[k] = _square(places - places[taken[k]])
        nearest = np.minimum(nearest, away[k])
    for k in list(range(count)) * SWEEPS:
        away[k] = np.iinfo(np.int64).max  # of all but k
        taken[k] = away.min(axis=0).argmax()
        away[k] = _square(places - places[taken[k]])
    corners: Corners = places[taken] + np.minimum(np.array(grid) - side, 0) // 2
    return corners


def _square(offsets: Corners) -> Corners:
    lengths: Corners = offsets[:, 0] ** 2 + offsets[:, 1] ** 2
    return lengths


def cut(image: Levels, place: Cut, *, side: int) -> tuple[Floats, Lost]:
    """Take a patch out of a picture, resampled at most once (bilinear, if it is turned).

    Args:
        picture: (H, W, C) uint8.
        place: where and how.
        side: of the patch, in pixels.

    Returns:
        truth (C, side, side) float32 of 0 .. 1, seen (side, side) bool. Seen is what lies within the picture
        and within the square before it was turned: corners that were turned in are not. Their truth is what
        the picture holds there, so that nothing false is learnt; beyond the picture it is mirrored.
    """
    region = Region(place.top, place.left, place.top + side, place.left + side)
    if place.degrees == 0:
        planes = _window(image, region).transpose(2, 0, 1).astype(np.float32, order="C")
        seen = _within(image, region, *np.ogrid[0.5:side, 0.5:side])
    else:
        planes, seen = _turn(image, region, math.radians(place.degrees))
    planes /= np.float32(255)
    if place.flipped:
        planes, seen = planes[..., ::-1], seen[:, ::-1]
    if place.upended:
        planes, seen = planes[..., ::-1, :], seen[::-1]
    if place.swapped:
        planes, seen = planes.swapaxes(1, 2), seen.T
    return np.ascontiguousarray(planes), seen


def reach_px(side: int, degrees: float) -> int:
    """Return how far a turned square reaches beyond the upright one, with a pixel to interpolate from.

    Example:
        >>> reach_px(100, 0), reach_px(100, 45), reach_px(100, -45)
        (1, 22, 22)
    """
    angle = math.radians(abs(degrees))
    return math.ceil(side / 2 * (math.cos(angle) + math.sin(angle) - 1)) + 1


def _turn(image: Levels, region: Region, angle: float) -> tuple[Floats, Lost]:
    side, half = region.rows, region.rows / 2
    cos, sin = math.cos(angle), math.sin(angle)
    reach = reach_px(side, math.degrees(angle))
    wide = Region(region.top - reach, region.left - reach, region.bottom + reach, region.right + reach)
    # From the middles of the pixels of the patch (y, x) to places in the picture, about the middle of both.
    y, x = np.ogrid[0.5 - half : half, 0.5 - half : half]
    seen = _within(image, region, cos * y + sin * x + half, cos * x - sin * y + half)
    middle = half + reach
    table = (cos, -sin, middle - (cos - sin) * half, sin, cos, middle - (sin + cos) * half)
    # As float, since Pillow truncates what it interpolates in 8 bits.
    planes = _window(image, wide).transpose(2, 0, 1).astype(np.float32, order="C")
    turned = [
        Image.fromarray(plane).transform(
            (side, side), Image.Transform.AFFINE, table, Image.Resampling.BILINEAR
        )
        for plane in planes
    ]
    return np.stack([np.asarray(plane) for plane in turned]), seen


def _window(image: Levels, region: Region) -> Levels:
    """Read a region that may reach beyond the picture, mirrored there."""
    inner = region.meet(Region.whole((image.shape[0], image.shape[1])))
    pixels = image[inner.slices]
    if inner == region:
        return pixels
    beyond = (
        (inner.top - region.top, region.bottom - inner.bottom),
        (inner.left - region.left, region.right - inner.right),
    )
    return np.pad(pixels, (*beyond, (0, 0)), mode="symmetric")


def _within(image: Levels, region: Region, y: NDArray[np.float64], x: NDArray[np.float64]) -> Lost:
    """Tell which places (y, x), measured from the corner of a region, lie in it and in the picture."""
    inner = region.meet(Region.whole((image.shape[0], image.shape[1]))).relative_to(region)
    seen: Lost = (y >= inner.top) & (y <= inner.bottom) & (x >= inner.left) & (x <= inner.right)
    return seen
