"""Borders, and whether a kernel is turned.

A window at the edge looks beyond the picture, so something must be said of what is there: mirrored, held,
black, the other side, or nothing (only what is there counts). Black dims the edge.

Convolution turns the kernel by half a turn, correlation does not; for kernels that look the same both ways
there is no difference.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import box, correlate
from wall import Wall, build

BORDERS = ("reflect", "mirror", "replicate", "zero", "wrap", "partial")


def hang(wall: Wall) -> None:
    corner = wall.panel().painted.read()[: wall.side // 4, : wall.side // 4]
    for border in BORDERS:
        wide = box(corner, size=15, border=border)
        wall.hang(
            wide.repeat(3, axis=0).repeat(3, axis=1), f"The upper left corner, 15 x 15, border {border}"
        )

    white = np.full((9, 9), 1.0)
    wall.check("white stays white under 'partial'", box(white, size=5, border="partial"), white, within=1e-12)
    wall.check(
        "under 'zero' a corner keeps 9 of 25", box(white, size=5, border="zero")[0, 0], 0.36, within=1e-12
    )

    spot = np.zeros((5, 5), np.uint8)
    spot[2, 2] = 1
    kernel = np.arange(9).reshape(3, 3)
    wall.check(
        "convolved with a spot a kernel shows itself",
        correlate(spot, kernel, convolution=True)[1:4, 1:4],
        kernel,
    )
    wall.check("correlated, turned by half a turn", correlate(spot, kernel)[1:4, 1:4], kernel[::-1, ::-1])


if __name__ == "__main__":
    build(Path(__file__))
