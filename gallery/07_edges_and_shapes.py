"""Edges and shapes: Sobel, oriented filters, morphology, distances.

Sobel's kernels [1 0 -1; 2 0 -2; 1 0 -1] answer to vertical edges, turned to horizontal ones. A steerable
filter answers to any direction. Of a mask, morphology widens and narrows, and the distance transform says how
deep a pixel lies.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import closing, dilate, distance, sobel, steerable
from wall import Wall, build


def hang(wall: Wall) -> None:
    panel = wall.panel()
    paint = panel.painted.read()
    grey = paint.mean(axis=2).astype(np.uint8)
    wall.hang(sobel(grey, edges="vertical"), "Sobel, vertical edges")
    wall.hang(sobel(grey, edges="horizontal"), "Sobel, horizontal edges")
    wall.hang(sobel(grey), "Both, as the length of a vector")
    wall.hang(steerable(grey, sigma=1.5, degrees=45), "Steered to 45 degrees; grey is nothing")

    lost = panel.lacunae.read().astype(np.uint8) * 255
    wall.hang(lost, "Lacunae of the same panel, damaged")
    wall.hang(dilate(closing(lost, size=5), size=3), "Gaps closed, then wider by a pixel")
    wall.hang(distance(lost, most=8), "How deep each pixel lies, up to 8")

    step = np.repeat([[0, 0, 255, 255]], 4, axis=0).astype(np.uint8)
    wall.check("a step from black to white is a full answer", sobel(step)[1], [0, 255, 255, 0])


if __name__ == "__main__":
    build(Path(__file__))
