"""The moving average, worked by hand and computed.

Each pixel becomes the mean of the 3 x 3 pixels around it. The lecture computes it for a square of 90 with a
hole, on black. A weighted average, [1 4 6 4 1] / 16, gives the centre more weight.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import box, weighted

TABLE = [
    [0, 10, 20, 30, 30, 30, 20, 10],
    [0, 20, 40, 60, 60, 60, 40, 20],
    [0, 30, 60, 90, 90, 90, 60, 30],
    [0, 30, 50, 80, 80, 90, 60, 30],
    [0, 30, 50, 80, 80, 90, 60, 30],
    [0, 20, 30, 50, 50, 60, 40, 20],
    [10, 20, 30, 30, 30, 30, 20, 10],
    [10, 10, 10, 0, 0, 0, 0, 0],
]


def show(example: Example) -> None:
    square = np.zeros((10, 10), np.uint8)
    square[2:7, 3:8] = 90
    square[5, 4], square[8, 2] = 0, 90
    averaged = box(square, size=3)[1:-1, 1:-1]
    example.show(square.repeat(24, axis=0).repeat(24, axis=1), "The lecture's square")
    example.show(averaged.repeat(24, axis=0).repeat(24, axis=1), "Its moving average, without the border")
    example.check("the moving average", averaged, TABLE)
    example.table([""] * 8, averaged.tolist())

    step = np.array([[0, 0, 0, 160, 160, 160]], np.uint8).repeat(5, axis=0)
    example.check("[1 1 1 1 1] / 5 before a step of 160", weighted(step, weights=[1, 1, 1, 1, 1])[2, 2], 64)
    example.check("[1 4 6 4 1] / 16 at the same place", weighted(step, weights=[1, 4, 6, 4, 1])[2, 2], 50)

    paint = example.panel().painted.read()
    example.show(box(paint, size=9), "A panel, averaged over 9 x 9: square traces of the window")
    example.show(
        weighted(weighted(paint, weights=[1, 4, 6, 4, 1]), weights=[1, 4, 6, 4, 1]), "[1 4 6 4 1] / 16, twice"
    )


if __name__ == "__main__":
    build(Path(__file__))
