"""Edges and shapes: Sobel, oriented filters, morphology, distances.

Sobel's kernel [1 0 -1; 2 0 -2; 1 0 -1] responds to vertical edges, its transpose to horizontal ones. A
steerable filter responds to edges of any direction. Morphology grows and shrinks a mask. The distance
transform gives the depth of each pixel in the mask.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import closing, dilate, distance, sobel, steerable


def show(example: Example) -> None:
    panel = example.panel()
    paint = panel.painted.read()
    grey = paint.mean(axis=2).astype(np.uint8)
    example.show(sobel(grey, edges="vertical"), "Sobel, vertical edges")
    example.show(sobel(grey, edges="horizontal"), "Sobel, horizontal edges")
    example.show(sobel(grey), "Both, as the length of the gradient")
    example.show(steerable(grey, sigma=1.5, degrees=45), "Steered to 45 degrees; grey is 0")

    lost = panel.lacunae.read().astype(np.uint8) * 255
    example.show(lost, "Lacunae of the same panel")
    example.show(dilate(closing(lost, size=5), size=3), "Gaps closed, then grown by a pixel")
    example.show(distance(lost, most=8), "Distance of each pixel to the border of its lacuna, up to 8")

    step = np.repeat([[0, 0, 255, 255]], 4, axis=0).astype(np.uint8)
    example.check("a step from black to white gives a full response", sobel(step)[1], [0, 255, 255, 0])


if __name__ == "__main__":
    build(Path(__file__))
