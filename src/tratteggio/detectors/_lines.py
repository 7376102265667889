"""Extremes along straight lines of pixels, in eight directions; by doubling, so that length is cheap.

A line takes every step (down, right) of its direction: (1, 2) leaves every other column out, which for lines
of light changes little (Jones and Soille, "Periodic lines: definition, cascades, and application to
granulometries", Pattern Recognition Letters 17, 1996). Near the border of an array lines are shorter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Merge = Callable[..., Floats]

STEPS = ((0, 1), (1, 2), (1, 1), (2, 1), (1, 0), (2, -1), (1, -1), (1, -2))


def along(image: Floats, step: tuple[int, int], count: int, merge: Merge, *, back: bool = False) -> Floats:
    """Merge each pixel with the `count` - 1 that follow it along a line; or, `back`, with those before it.

    Args:
        image: (h, w).
        step: (rows, columns) from one pixel of the line to the next.
        count: pixels of the line.
        merge: np.minimum or np.maximum.
        back: look the other way.
    """
    done, reached = 1, image
    sign = -1 if back else 1
    while done < count:
        more = min(done, count - done)
        reached = _merged(reached, (sign * more * step[0], sign * more * step[1]), merge)
        done += more
    return reached


def open_lines(image: Floats, step: tuple[int, int], count: int) -> Floats:
    """Keep what is at least as long as a line: the opening by it."""
    return along(along(image, step, count, np.minimum), step, count, np.maximum, back=True)


def longest(image: Floats, length: int) -> Floats:
    """Keep what is at least `length` pixels long in some direction: the largest of the openings by lines."""
    long = np.zeros_like(image)
    for step in STEPS:
        count = length if max(map(abs, step)) == 1 else (length + 1) // 2
        np.maximum(long, open_lines(image, step, count), out=long)
    return long


def octagon(image: Floats, radius: int, merge: Merge) -> Floats:
    """Merge each pixel with those in an octagon about it, by lines in four directions.

    Args:
        image: (h, w).
        radius: from the middle to a side, pixels.
        merge: np.minimum or np.maximum.
    """
    half = round(radius * 0.2071)  # of the slanted lines, in steps: those of a regular octagon
    straight = radius - 2 * half
    for step, reach in (((0, 1), straight), ((1, 0), straight), ((1, 1), half), ((1, -1), half)):
        if reach:
            image = along(image, step, reach + 1, merge)
            image = along(image, step, reach + 1, merge, back=True)
    return image


def _merged(image: Floats, by: tuple[int, int], merge: Merge) -> Floats:
    """Merge an array with itself, moved; where nothing comes in, it stays as it is."""
    rows, cols = image.shape
    out = image.copy()
    if abs(by[0]) < rows and abs(by[1]) < cols:
        here, there = _slices(by[0], rows), _slices(by[1], cols)
        place = here[0], there[0]
        merge(image[place], image[here[1], there[1]], out=out[place])
    return out


def _slices(by: int, side: int) -> tuple[slice, slice]:
    """Return the pixels of an axis that have one `by` further on, and those."""
    first, last = max(0, -by), side - max(0, by)
    return slice(first, last), slice(first + by, last + by)
