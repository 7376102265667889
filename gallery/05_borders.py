"""Borders, and whether a kernel is rotated.

Near the border a window reaches beyond the image. Six rules say which values it finds there: mirrored (with
or without the border pixel), repeated, black, those of the opposite side, or none, so that only known pixels
count. Black makes the border darker.

Convolution rotates the kernel by 180 degrees, correlation does not. For symmetric kernels both are the same.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import box, correlate

BORDERS = ("reflect", "mirror", "replicate", "zero", "wrap", "partial")


def show(example: Example) -> None:
    corner = example.panel().painted.read()[: example.side // 4, : example.side // 4]
    for border in BORDERS:
        wide = box(corner, size=15, border=border)
        example.show(
            wide.repeat(3, axis=0).repeat(3, axis=1), f"The upper left corner, 15 x 15, border {border}"
        )

    white = np.full((9, 9), 1.0)
    example.check(
        "white stays white with 'partial'", box(white, size=5, border="partial"), white, within=1e-12
    )
    example.check(
        "with 'zero' a corner keeps 9 of 25", box(white, size=5, border="zero")[0, 0], 0.36, within=1e-12
    )

    spot = np.zeros((5, 5), np.uint8)
    spot[2, 2] = 1
    kernel = np.arange(9).reshape(3, 3)
    example.check(
        "a kernel convolved with a single pixel",
        correlate(spot, kernel, convolution=True)[1:4, 1:4],
        kernel,
    )
    example.check("correlated: rotated by 180 degrees", correlate(spot, kernel)[1:4, 1:4], kernel[::-1, ::-1])


if __name__ == "__main__":
    build(Path(__file__))
